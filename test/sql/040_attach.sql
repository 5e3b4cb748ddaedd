-- Attaching identities to an application.

INSERT INTO canopy.identity (account_id, id, email, first_name, last_name)
SELECT 'a0000000-0000-4000-8000-000000000001', ('d0000000-0000-4000-8000-00000000000' || i)::uuid,
       'attach' || i || '@example.com', 'A', 'B'
FROM generate_series(1, 4) AS i;

-- a new member, in full
SELECT masked(canopy_bulk_attach('{d0000000-0000-4000-8000-000000000001}', application => 'crm', account => 'acme'));

-- a verdict for every id: new, member already, twice in the batch, unknown, null
SELECT * FROM verdicts(canopy_bulk_attach('{d0000000-0000-4000-8000-000000000002,
    d0000000-0000-4000-8000-000000000001, d0000000-0000-4000-8000-000000000002,
    d0000000-0000-4000-8000-00000000dead, NULL}', 'crm', 'acme'));

-- as JSON, an id that is none fails alone
SELECT * FROM verdicts(canopy_bulk_attach_json('{"identity_ids": ["d0000000-0000-4000-8000-000000000003", "three", 3]}',
                                               'crm', 'acme'));

-- who was a member before becomes one again, in the same row
UPDATE canopy.app_membership SET status = 'deactivated', deactivated_at = now()
WHERE identity_id = 'd0000000-0000-4000-8000-000000000001';
SELECT jsonb_path_query(canopy_bulk_attach('{d0000000-0000-4000-8000-000000000001}', 'crm', 'acme'), '$.results[*].code');
SELECT status, deactivated_at, count(*) OVER () FROM canopy.app_membership
WHERE identity_id = 'd0000000-0000-4000-8000-000000000001';

-- who is one already may be skipped
SELECT * FROM verdicts(canopy_bulk_attach('{d0000000-0000-4000-8000-000000000001}', 'crm', 'acme', on_conflict => 'skip'));
