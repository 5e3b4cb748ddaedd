-- The extension goes, the directory stays: it is the user's.

SELECT count(*) > 0 AS has_identities FROM canopy.identity;
DROP EXTENSION canopy_bulk;
SELECT count(*) > 0 AS has_identities FROM canopy.identity;

-- what the tests have made goes as well
SET client_min_messages = warning;
DROP SCHEMA canopy CASCADE;
DROP ROLE regress_canopy_owner;
