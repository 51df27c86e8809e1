-- Accounts, roles, settings, versions of policies, records and the audit. Whatever is JSON is what `protocol` makes of it.
ALTER TABLE companies ADD COLUMN events BIGINT NOT NULL DEFAULT 0;
ALTER TABLE companies ADD COLUMN head TEXT NOT NULL DEFAULT '';
-- Up to which event the audit was purged, and that event's hash, from which the chain goes on.
ALTER TABLE companies ADD COLUMN purged BIGINT NOT NULL DEFAULT 0;
ALTER TABLE companies ADD COLUMN base TEXT NOT NULL DEFAULT '';

CREATE TABLE policies (
    company TEXT NOT NULL REFERENCES companies (id),
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    changed TEXT NOT NULL,
    policy TEXT NOT NULL,
    PRIMARY KEY (company, number)
);
INSERT INTO policies (company, number, at, actor, changed, policy)
    SELECT id, 1, 0, '{"kind":"tandem"}', '[]', policy FROM companies;
ALTER TABLE companies DROP COLUMN policy;
ALTER TABLE companies DROP COLUMN api_key;

CREATE TABLE documents (
    company TEXT NOT NULL REFERENCES companies (id),
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (company, kind)
);

CREATE TABLE roles (
    company TEXT NOT NULL REFERENCES companies (id),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    joins_as TEXT NOT NULL,
    permissions TEXT NOT NULL,
    PRIMARY KEY (company, id)
);

-- There were none yet but the demo's own, which is made at each start.
DROP TABLE people;
CREATE TABLE people (
    id TEXT PRIMARY KEY,
    company TEXT NOT NULL REFERENCES companies (id),
    -- In lower case.
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    active BIGINT NOT NULL DEFAULT 1,
    -- argon2id, in PHC form.
    password TEXT,
    language TEXT,
    -- Base 32; `totp_next` is one that no code of was shown yet, `totp_step` the last step of which a code was used.
    totp TEXT,
    totp_next TEXT,
    totp_step BIGINT NOT NULL DEFAULT 0,
    -- SHA-256 of a one-time link's token.
    link TEXT UNIQUE,
    link_expires BIGINT,
    created_at BIGINT NOT NULL,
    last_seen BIGINT
);
CREATE INDEX people_of_company ON people (company, name);

CREATE TABLE sign_ins (
    -- SHA-256 of the cookie.
    secret TEXT PRIMARY KEY,
    person TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    by_provider BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sign_ins_of_person ON sign_ins (person);

CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    company TEXT NOT NULL REFERENCES companies (id),
    -- SHA-256 of the key.
    secret TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    begins TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used BIGINT,
    expires_at BIGINT
);

ALTER TABLE sessions ADD COLUMN outcome TEXT;
ALTER TABLE sessions ADD COLUMN notes TEXT NOT NULL DEFAULT '';

CREATE TABLE participants (
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    id BIGINT NOT NULL,
    role TEXT NOT NULL,
    name TEXT NOT NULL,
    joined_at BIGINT NOT NULL,
    PRIMARY KEY (session, id)
);

CREATE TABLE events (
    company TEXT NOT NULL REFERENCES companies (id),
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    action TEXT NOT NULL,
    session TEXT,
    detail TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (company, number)
);
CREATE INDEX events_at ON events (company, at);
