-- Creating identities in the directory of an account.

-- a row that is good and a row that is not: both answers in full
SELECT masked(canopy_bulk_create('{"identities": [
    {"email": " Ada@Example.com ", "first_name": "Ada", "last_name": "Lovelace", "external_id": "emp-1",
     "metadata": {"team": "engines"}, "application_id": "c0000000-0000-4000-8000-000000000001"},
    {"email": "nobody", "first_name": "", "pasword": "correct horse", "metadata": {"api_key": "k", "team": "none"}}
]}', account => 'acme'));

-- what was stored: the address in its canonical form, and the membership
SELECT email, first_name, last_name, external_id, metadata, is_active, password_hash
FROM canopy.identity;
SELECT status, slug, activated_at IS NOT NULL AS activated
FROM canopy.app_membership AS m
JOIN canopy.application AS a ON a.account_id = m.account_id AND a.id = m.application_id;

-- one bad row never costs its neighbours
SELECT * FROM verdicts(canopy_bulk_create('[
    {"email": "grace@example.com", "first_name": "Grace", "last_name": "Hopper"},
    {"email": "ada@EXAMPLE.com", "first_name": "Ada", "last_name": "Again"},
    {"email": "GRACE@example.com", "first_name": "Grace", "last_name": "Twice"},
    {"email": "e@example.com", "first_name": "E", "last_name": "E", "external_id": "emp-1"},
    {"email": "a@example.com", "first_name": "A", "last_name": "A",
     "application_id": "c0000000-0000-4000-8000-00000000dead"},
    {"email": "x@example.com", "firstName": "X", "last_name": "X"},
    ["x@example.com"],
    {"email": "edsger@example.com", "first_name": "Edsger", "last_name": "Dijkstra"}
]', 'acme'));

-- a key that is almost a field is named with the field it resembles
SELECT jsonb_path_query(canopy_bulk_create('[{"email": "x@example.com", "firstName": "X", "last_name": "X"}]', 'acme'),
                        '$.results[0].error.details.issues[*]');

-- a password is stored as an argon2id hash, an imported hash as it came
SELECT jsonb_path_query(canopy_bulk_create('[
    {"email": "p@example.com", "first_name": "P", "last_name": "P", "password": "correct horse"},
    {"email": "h@example.com", "first_name": "H", "last_name": "H",
     "password_hash": "$2b$12$abcdefghijklmnopqrstuuJ1Ad3LLNzPTJ4b8E3ZrOkCWQTSyROt6"}
]', 'acme'), '$.summary');
SELECT email, substring(password_hash FROM '^\$\w+\$') AS kind, password_changed_at IS NOT NULL AS changed
FROM canopy.identity WHERE password_hash IS NOT NULL ORDER BY email;

-- an address that exists: skipped, or updated in what the row mentions
SELECT * FROM verdicts(canopy_bulk_create('[{"email": "ada@example.com", "first_name": "X", "last_name": "X"}]',
                                          'acme', on_conflict => 'skip'));
SELECT * FROM verdicts(canopy_bulk_create('[{"email": "ada@example.com", "first_name": "Augusta", "last_name": "King",
                                             "metadata": {"title": "Countess"}}]',
                                          'acme', on_conflict => 'update'));
SELECT first_name, last_name, external_id, metadata FROM canopy.identity WHERE email = 'ada@example.com';

-- a trigger of the user's has the last word on a row, and its text stays out of the answer
CREATE FUNCTION no_robots() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.email LIKE 'robot%' THEN
        RAISE EXCEPTION '% is a robot', NEW.email;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER no_robots BEFORE INSERT ON canopy.identity FOR EACH ROW EXECUTE FUNCTION no_robots();
SELECT * FROM verdicts(canopy_bulk_create('[
    {"email": "human@example.com", "first_name": "H", "last_name": "H"},
    {"email": "robot@example.com", "first_name": "R", "last_name": "R"}
]', 'acme'));
DROP TRIGGER no_robots ON canopy.identity;

-- one audit entry per batch, with counts and codes but no names
SELECT outcome, metadata - '{max_failed,on_conflict,rolled_back}'::text[] AS metadata
FROM canopy.audit_log ORDER BY created_at;
