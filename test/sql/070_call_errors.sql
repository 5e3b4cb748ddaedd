-- Calls that are refused as a whole, and write nothing.

-- for the tests: how a call is refused
CREATE FUNCTION refusal(call text) RETURNS TABLE (code text, message text, detail text, hint text)
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'SELECT ' || call;
    message := 'not refused';
    RETURN NEXT;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
        detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN NEXT;
END $$;
\x on

-- nothing to do is no error
SELECT canopy_bulk_create('[]', 'acme') AS answer;

-- an account must be named, and exist
SELECT * FROM refusal($$canopy_bulk_create('[]')$$);
SELECT * FROM refusal($$canopy_bulk_create('[]', 'nobody')$$);
SELECT * FROM refusal($$canopy_bulk_create('[]', 'acme', 'nothing')$$);
SELECT * FROM refusal($$canopy_bulk_create('[]', 'acme', 'crm', 'nowhere')$$);
SELECT * FROM refusal($$canopy_bulk_attach('{}', account => 'acme')$$);

-- rows come in an array
SELECT * FROM refusal($$canopy_bulk_create(NULL, 'acme')$$);
SELECT * FROM refusal($$canopy_bulk_create('"x"', 'acme')$$);
SELECT * FROM refusal($$canopy_bulk_create('{"people": []}', 'acme')$$);
SELECT * FROM refusal($$canopy_bulk_attach('{{d0000000-0000-4000-8000-000000000001}}', 'crm', 'acme')$$);

-- no more than 200 of them
SELECT * FROM refusal($$canopy_bulk_create((SELECT jsonb_agg(i) FROM generate_series(1, 201) AS i), 'acme')$$);

-- options have few values
SELECT * FROM refusal($$canopy_bulk_create('[]', 'acme', on_conflict => 'replace')$$);
SELECT * FROM refusal($$canopy_bulk_create('[]', 'acme', max_failed => -1)$$);
SELECT * FROM refusal($$canopy_bulk_attach('{}', 'crm', 'acme', on_conflict => 'update')$$);

-- claims bind whoever brings them
SET request.jwt.claims = '{"account": "other", "principal_type": "user"}';
SELECT * FROM refusal($$canopy_bulk_create('[]', 'acme')$$);
SET request.jwt.claims = '{"account": "acme", "principal_type": "identity"}';
SELECT * FROM refusal($$canopy_bulk_create('[]', 'acme')$$);
SET request.jwt.claims = '{"account": "acme", "principal_type": "user", "exp": 1}';
SELECT * FROM refusal($$canopy_bulk_create('[]', 'acme')$$);
SET request.jwt.claims = 'nonsense';
SELECT * FROM refusal($$canopy_bulk_create('[]', 'acme')$$);
SET request.jwt.claims = '{"account": "acme", "principal_type": "user"}';
SELECT canopy_bulk_create('[]') AS answer;
RESET request.jwt.claims;

-- EXECUTE is nobody's until it is granted
SET ROLE regress_canopy_owner;
SELECT canopy_bulk_create('[]', 'acme');
RESET ROLE;
