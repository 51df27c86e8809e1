-- When what is too old was last deleted: a clock that since then went otherwise than a clock does is not believed.
ALTER TABLE companies ADD COLUMN swept_at BIGINT;
