-- Times are seconds since 1970 (UTC). Everything here is portable to PostgreSQL.
CREATE TABLE companies (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    -- SHA-256 of the API key, in hexadecimal.
    api_key TEXT NOT NULL,
    policy TEXT NOT NULL
);

CREATE TABLE people (
    email TEXT PRIMARY KEY,
    company TEXT NOT NULL REFERENCES companies (id),
    name TEXT NOT NULL,
    -- argon2id, in PHC form.
    password TEXT NOT NULL,
    admin BIGINT NOT NULL
);

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    company TEXT NOT NULL REFERENCES companies (id),
    created_at BIGINT NOT NULL,
    ended_at BIGINT,
    -- As in SessionState.
    state TEXT NOT NULL,
    start_host TEXT NOT NULL,
    agent TEXT
);

CREATE INDEX sessions_of_company ON sessions (company, created_at);
