-- The completion of an import that a client ran, in one audit entry.

-- the entry says that its numbers were reported, not counted
SELECT canopy_bulk_import_event('create', total => 10, succeeded => 8, failed => 2, skipped => 1,
                                application => 'crm', account => 'acme');
SELECT action, outcome, metadata FROM canopy.audit_log WHERE action = 'identity.bulk_import';

-- numbers that cannot be are refused
SELECT canopy_bulk_import_event('create', 10, 8, 1, application => 'crm', account => 'acme');
SELECT canopy_bulk_import_event('create', -1, -1, 0, application => 'crm', account => 'acme');

-- so is a mode that does not exist, or does not go with the tier
SELECT canopy_bulk_import_event('upsert', 1, 1, 0, application => 'crm', account => 'acme');
SELECT canopy_bulk_import_event('account_create', 1, 1, 0, application => 'crm', account => 'acme');
SELECT canopy_bulk_import_event('account_create', 1, 1, 0, account => 'acme');

-- nothing was written but the entries of the calls that succeeded
SELECT metadata->>'mode' AS mode, metadata->>'total' AS total FROM canopy.audit_log
WHERE action = 'identity.bulk_import' ORDER BY created_at;
