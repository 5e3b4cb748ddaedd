-- Trying a batch, and how many failures are too many.

-- a dry run gives the verdicts that the real run would give, the constraints' and triggers' included
SELECT count(*) AS identities FROM canopy.identity \gset
SELECT count(*) AS entries FROM canopy.audit_log \gset
SELECT * FROM verdicts(canopy_bulk_create('[
    {"email": "dry@example.com", "first_name": "D", "last_name": "D"},
    {"email": "ada@example.com", "first_name": "A", "last_name": "A"}
]', 'acme', dry_run => true));

-- and leaves nothing, not even an audit entry
SELECT count(*) - :identities AS identities FROM canopy.identity;
SELECT count(*) - :entries AS entries FROM canopy.audit_log;

-- all or nothing: one bad row takes the good ones with it, and the answer says which was which
SELECT * FROM verdicts(canopy_bulk_create('[
    {"email": "m1@example.com", "first_name": "M", "last_name": "M"},
    {"email": "bad", "first_name": "M", "last_name": "M"},
    {"email": "m2@example.com", "first_name": "M", "last_name": "M"}
]', 'acme', max_failed => 0));

-- one failure is not more than one
SELECT * FROM verdicts(canopy_bulk_create('[
    {"email": "m1@example.com", "first_name": "M", "last_name": "M"},
    {"email": "bad", "first_name": "M", "last_name": "M"},
    {"email": "m2@example.com", "first_name": "M", "last_name": "M"}
]', 'acme', max_failed => 1));
SELECT email FROM canopy.identity WHERE email LIKE 'm_@%' ORDER BY email;

-- the audit log has both, the one that was rolled back as such
SELECT metadata->>'succeeded' AS succeeded, metadata->>'failed' AS failed, metadata->>'rolled_back' AS rolled_back
FROM canopy.audit_log ORDER BY created_at DESC LIMIT 2;

-- attaching has the same two options
SELECT canopy_bulk_attach_json('["d0000000-0000-4000-8000-000000000004", "x"]', 'crm', 'acme', dry_run => true)->'summary' AS summary;
SELECT * FROM verdicts(canopy_bulk_attach_json('["d0000000-0000-4000-8000-000000000004", "x"]', 'crm', 'acme', max_failed => 0));
SELECT count(*) FROM canopy.app_membership WHERE identity_id = 'd0000000-0000-4000-8000-000000000004';
