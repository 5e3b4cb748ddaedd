-- Identities over HTTP, read: lists, counts, one, its roles, its audit entries.
\ir endpoints.psql
SELECT no_plan();

CREATE FUNCTION t.keys(object jsonb) RETURNS text LANGUAGE sql AS $$ SELECT string_agg(key, ' ' ORDER BY key) FROM jsonb_object_keys(object) AS key $$;

-- the account's list shows everybody in it, the application's who is a member that was not deactivated
SELECT is(t.emails('identities?sort_by=email'), 'active deactivated invited new suspended wiki-only', 'who is in the account');
SELECT is(t.emails('applications/crm/identities?sort_by=email'), 'active invited suspended', 'who is in an application');
SELECT is(t.emails('applications/wiki/identities'), 'wiki-only', 'who is in another application');
SELECT is(t.keys(answer #> '{items,0}'), 'app_membership_count avatar_url created_at email email_verified external_id first_name id is_active last_name total_assignments', 'an item of the account')
FROM t.http('GET', 'identities');
SELECT is(t.keys(answer #> '{items,0}'), 'avatar_url created_at email external_id first_name id is_active last_name', 'an item of the application')
FROM t.http('GET', 'applications/crm/identities');
SELECT is((SELECT string_agg(concat_ws(' ', i->>'email', i->>'app_membership_count', i->>'total_assignments'), ', ' ORDER BY i->>'email') FROM jsonb_array_elements(answer->'items') AS i),
	'active 1 3, deactivated 1 0, invited 1 0, new 0 0, suspended 1 0, wiki-only 1 0', 'what an item counts')
FROM t.http('GET', 'identities');
SELECT is((SELECT string_agg(concat_ws(' ', i->>'email', i->>'is_active'), ', ' ORDER BY i->>'email') FROM jsonb_array_elements(answer->'items') AS i),
	'active true, invited false, suspended false', 'who may sign in to an application')
FROM t.http('GET', 'applications/crm/identities');

-- every sort, both ways, and what is the default
SELECT is(t.emails(tier || 'identities' || query), CASE WHEN tier = '' THEN wanted ELSE trim(regexp_replace(wanted, '(deactivated|new|wiki-only) ?', '', 'g')) END, tier || query)
FROM unnest('{"",applications/crm/}'::text[]) AS tier, (VALUES
	('?sort_by=email', 'active deactivated invited new suspended wiki-only'),
	('?sort_by=email&order=asc', 'active deactivated invited new suspended wiki-only'),
	('?order=desc&sort_by=email', 'wiki-only suspended new invited deactivated active'),
	('', 'wiki-only suspended new invited deactivated active'),
	('?sort_by=created_at', 'wiki-only suspended new invited deactivated active'),
	('?sort_by=created_at&order=asc', 'active deactivated invited new suspended wiki-only'),
	('?order=asc', 'active deactivated invited new suspended wiki-only'),
	('?sort_by=last_name', 'deactivated invited new suspended wiki-only active'),
	('?sort_by=last_name&order=desc', 'active wiki-only suspended new invited deactivated')) AS v (query, wanted)
WHERE tier = '' OR query NOT LIKE '%order=desc%' AND query NOT IN ('', '?sort_by=created_at');
SELECT is(t.emails('applications/crm/identities' || query), 'suspended invited active', 'application, ' || query)
FROM unnest('{"",?sort_by=created_at,?order=desc&sort_by=email}'::text[]) AS query;
SELECT is(t.emails('identities?sort_by=first_name' || o), (SELECT string_agg(email, ' ' ORDER BY id::text) FROM canopy.identity WHERE account_id = t.id('acme')), 'equal names are sorted by id')
FROM unnest('{"",&order=asc}'::text[]) AS o;

-- what is looked for, in any case; nothing in it has a meaning
UPDATE canopy.identity SET first_name = 'Älice_100%', last_name = '\Öz?' WHERE email = 'new';
SELECT is(t.emails('identities?sort_by=email&q=' || q), wanted, 'q=' || q)
FROM (VALUES ('activ', 'active deactivated'), ('ACTIV', 'active deactivated'), ('wiki', 'wiki-only'), ('%25', 'new'), ('_', 'new'), ('%5C', 'new'), ('%C3%A4LICE_', 'new'),
	('100%25%20%5C%C3%96z', 'new'), ('100%25%20%5C%C3%B6Z', 'new'), ('old%20n', 'active deactivated invited suspended wiki-only'), ('%27', ''), ('', 'active deactivated invited new suspended wiki-only'),
	('a.*b', ''), ('foreign', ''), ('%25%25', '')) AS v (q, wanted);
SELECT is(t.emails('applications/crm/identities?sort_by=email&q=Active'), 'active', 'q in an application');

-- filters, alone and together
SELECT is(t.emails('identities?sort_by=email&' || filter), wanted, filter)
FROM (VALUES ('status=active', 'active deactivated invited new suspended wiki-only'), ('status=inactive', ''), ('has_any_assignment=true', 'active'),
	('has_any_assignment=false', 'deactivated invited new suspended wiki-only'), ('not_in_app=crm', 'deactivated new wiki-only'), ('not_in_app=' || t.id('wiki'), 'active deactivated invited new suspended'),
	('not_in_app=crm&has_any_assignment=false&q=w', 'new wiki-only')) AS v (filter, wanted);
SELECT is(t.emails('applications/crm/identities?sort_by=email&' || filter), wanted, 'application: ' || filter)
FROM (VALUES ('status=active', 'active'), ('status=inactive', 'invited suspended'), ('has_any_assignment=true', 'active'), ('has_any_assignment=false', 'invited suspended')) AS v (filter, wanted);
SELECT is(t.said('GET', 'identities?' || query), wanted, query)
FROM (VALUES ('not_in_app=nowhere', '404 not_found'), ('not_in_app=shop', '404 not_found'), ('not_in_app=', '400 bad_request'), ('status=', '400 bad_request'), ('status=ACTIVE', '400 bad_request'),
	('page=0', '400 bad_request'), ('page=-1', '400 bad_request'), ('page=1.5', '400 bad_request'), ('page=1000001', '400 bad_request'), ('page=99999999999999999999', '400 bad_request'),
	('take=0', '400 bad_request'), ('take=101', '400 bad_request'), ('take=100', '200'), ('sort_by=id', '400 bad_request'), ('sort_by=email;', '400 bad_request'), ('order=DESC', '400 bad_request'),
	('Page=1', '400 bad_request'), ('page=1&page=1', '400 bad_request'), ('environment=production', '400 bad_request'), ('q=' || repeat('%C3%A4', 255), '200'), ('q=' || repeat('a', 256), '400 bad_request'),
	('q=%00', '400 bad_request'), ('q=%FF', '400 bad_request')) AS v (query, wanted);

-- pages: each item once, the counts exact, the end said
SELECT canopy_bulk_create(t.people(95), account => 'acme', application => 'crm') \gset
SELECT results_eq(format($$ SELECT i->>'id' FROM generate_series(1, 15) AS page, LATERAL t.http('GET', '%sidentities?take=7&sort_by=%s&page=' || page),
		jsonb_array_elements(answer->'items') WITH ORDINALITY AS e (i, n) ORDER BY page, n $$, tier, sort),
	format($$ SELECT id::text FROM canopy.identity AS i WHERE account_id = t.id('acme') AND %s ORDER BY %s %s, i.id %3$s $$,
		CASE WHEN tier = '' THEN 'true' ELSE $f$ EXISTS (SELECT FROM canopy.app_membership WHERE identity_id = i.id AND application_id = t.id('crm') AND status <> 'deactivated') $f$ END,
		sort, CASE sort WHEN 'created_at' THEN 'DESC' ELSE 'ASC' END), 'all pages of ' || tier || ' by ' || sort)
FROM unnest('{"",applications/crm/}'::text[]) AS tier, unnest('{created_at,email,first_name,last_name}'::text[]) AS sort;
SELECT is(answer->'pagination', wanted::jsonb, query)
FROM (VALUES ('', '{"page":1,"take":20,"item_count":101,"page_count":6,"has_previous_page":false,"has_next_page":true}'),
	('?page=6', '{"page":6,"take":20,"item_count":101,"page_count":6,"has_previous_page":true,"has_next_page":false}'),
	('?page=7', '{"page":7,"take":20,"item_count":101,"page_count":6,"has_previous_page":true,"has_next_page":false}'),
	('?take=100&q=acme.example', '{"page":1,"take":100,"item_count":95,"page_count":1,"has_previous_page":false,"has_next_page":false}'),
	('?q=nobody', '{"page":1,"take":20,"item_count":0,"page_count":0,"has_previous_page":false,"has_next_page":false}'),
	('?page=1000000&take=100', '{"page":1000000,"take":100,"item_count":101,"page_count":2,"has_previous_page":true,"has_next_page":false}')) AS v (query, wanted),
LATERAL t.http('GET', 'identities' || query);
SELECT is(jsonb_array_length(answer->'items'), wanted, 'items of page ' || page) FROM (VALUES (1, 20), (6, 1), (7, 0)) AS v (page, wanted), LATERAL t.http('GET', 'identities?page=' || page);
DELETE FROM canopy.identity WHERE email LIKE '%@acme.example';

-- counts
SELECT is(answer, '{"total":6,"active_count":6,"inactive_count":0,"email_unverified_count":6,"no_memberships_count":4}', 'counts of the account') FROM t.http('GET', 'identities/summary');
SELECT is(answer, '{"total_identities":3,"assigned_count":1,"unassigned_count":2}', 'counts of an application') FROM t.http('GET', 'applications/crm/identities/summary');
UPDATE canopy.identity SET is_active = email <> 'new', email_verified = email = 'active';
SELECT is(answer, '{"total":6,"active_count":5,"inactive_count":1,"email_unverified_count":5,"no_memberships_count":4}', 'counts of the account that have changed') FROM t.http('GET', 'identities/summary');

-- one identity, in the shape of its tier
SELECT is(answer - 'created_at', jsonb_build_object('id', t.id('active'), 'email', 'active', 'first_name', 'Old', 'last_name', 'N97', 'avatar_url', NULL, 'external_id', 'x-active', 'metadata', '{"of":"active"}'::jsonb,
	'is_active', true, 'email_verified', true, 'email_verified_at', NULL, 'locked_until', NULL, 'password_changed_at', NULL, 'app_membership_count', 1, 'total_assignments', 3,
	'app_memberships', jsonb_build_array(jsonb_build_object('id', t.id('activecrm'), 'application_id', t.id('crm'), 'application_slug', 'crm', 'application_name', 'CRM', 'status', 'active',
		'created_at', answer #> '{app_memberships,0,created_at}', 'assignment_count', 3))), 'an identity of the account')
FROM t.http('GET', 'identities/' || t.id('active'));
SELECT is(answer, jsonb_build_object('id', t.id('suspended'), 'email', 'suspended', 'first_name', 'Old', 'last_name', 'N115', 'avatar_url', NULL, 'external_id', 'x-suspended',
	'is_active', false, 'created_at', '2020-04-25T00:00:00.000Z'), 'an identity of an application')
FROM t.http('GET', 'applications/crm/identities/' || t.id('suspended'));
SELECT is(answer, jsonb_build_object('id', t.id('active'), 'email', 'active', 'first_name', 'Old', 'last_name', 'N97', 'name', 'Old N97', 'avatar_url', NULL, 'external_id', 'x-active',
	'is_active', true, 'created_at', '2020-04-07T00:00:00.000Z', 'updated_at', '2020-01-01T00:00:00.000Z', 'metadata', '{"of":"active"}'::jsonb, 'can_manage', true,
	'roles', jsonb_build_array(
		jsonb_build_object('assignment_id', t.id('editorcrm-root'), 'id', t.id('editor'), 'name', 'editor', 'node_id', t.id('crm-root'), 'node_name', 'crm-root'),
		jsonb_build_object('assignment_id', t.id('editorcrm-eu'), 'id', t.id('editor'), 'name', 'editor', 'node_id', t.id('crm-eu'), 'node_name', 'crm-eu'),
		jsonb_build_object('assignment_id', t.id('testerstaging-root'), 'id', t.id('tester'), 'name', 'tester', 'node_id', t.id('staging-root'), 'node_name', 'staging-root'))), 'an identity with its roles')
FROM t.http('GET', 'applications/crm/identities/' || t.id('active') || '/detail');
SELECT is(jsonb_array_length(answer->'roles'), wanted, 'roles in ' || environment)
FROM (VALUES ('production', 2), ('staging', 1)) AS v (environment, wanted), LATERAL t.http('GET', 'applications/crm/identities/' || t.id('active') || '/detail?environment=' || environment);
SELECT is(answer, jsonb_build_object('items', jsonb_build_array(jsonb_build_object('id', t.id('editorcrm-eu'), 'identity_id', t.id('active'), 'role_id', t.id('editor'), 'application_node_id', t.id('crm-eu'),
		'effective_from', NULL, 'effective_to', NULL, 'created_at', '2020-01-02T00:00:00.000Z', 'updated_at', '2020-01-02T00:00:00.000Z')),
	'pagination', '{"page":2,"take":1,"item_count":3,"page_count":3,"has_previous_page":true,"has_next_page":true}'::jsonb), 'a page of the roles that it has')
FROM t.http('GET', 'applications/crm/identities/' || t.id('active') || '/assignments?page=2&take=1');
SELECT is((answer #>> '{pagination,item_count}')::integer, wanted, 'roles of ' || path)
FROM (VALUES ('active/assignments?environment=staging', 1), ('suspended/assignments', 0)) AS v (path, wanted),
	LATERAL t.http('GET', 'applications/crm/identities/' || t.id(split_part(path, '/', 1)) || '/' || split_part(path, '/', 2));

-- whoever is not there is not there, whether it is elsewhere or nowhere
SELECT is(replace(a::text, t.id(who)::text, 'ID'), replace(b::text, t.id('nobody')::text, 'ID'), format('%s %s of %s', method, path, who))
FROM (VALUES ('GET', 'identities/%s', 'foreign', NULL), ('GET', 'identities/%s/audit', 'foreign', NULL), ('PATCH', 'identities/%s', 'foreign', '{}'), ('PATCH', 'identities/%s/status', 'foreign', '{"is_active":true}'),
	('POST', 'identities/%s/app-memberships', 'foreign', format('{"application_id":"%s"}', t.id('crm'))), ('DELETE', 'identities/%s/app-memberships/' || t.id('crm'), 'foreign', NULL)) AS v (method, path, who, document),
	LATERAL t.http(method, format(path, t.id(who)), document::jsonb) AS a, LATERAL t.http(method, format(path, t.id('nobody')), document::jsonb) AS b
UNION ALL
SELECT is(replace(a::text, t.id(who)::text, 'ID'), replace(b::text, t.id('nobody')::text, 'ID'), format('%s %s of %s in an application', method, path, who))
FROM (VALUES ('GET', '', NULL), ('GET', '/detail', NULL), ('GET', '/assignments', NULL), ('PATCH', '', '{"first_name":"X"}'), ('DELETE', '', NULL), ('POST', '/activate', NULL), ('POST', '/deactivate', NULL)) AS v (method, path, document),
	unnest('{foreign,new,wiki-only,deactivated}'::text[]) AS who,
	LATERAL t.http(method, 'applications/crm/identities/' || t.id(who) || path, document::jsonb) AS a, LATERAL t.http(method, 'applications/crm/identities/' || t.id('nobody') || path, document::jsonb) AS b;
SELECT is(answer, jsonb_build_object('error', jsonb_build_object('code', 'identity_not_found', 'message', 'The identity does not exist.', 'method', 'GET', 'statusCode', 404,
	'path', '/portal/v1/accounts/acme/identities/' || t.id('nobody'))), 'what is said of nobody')
FROM t.http('GET', 'identities/' || t.id('nobody'));
SELECT is(t.said('GET', path), '404 not_found', 'no such path: ' || path)
FROM unnest('{identities/active,identities/id_01HXABC,applications/crm/identities/summary/detail,identities/summary/,applications/nowhere/identities,applications/shop/identities/summary}'::text[]) AS path;
SELECT is(t.said('GET', '/portal/v1/accounts/globex/identities'), '403 forbidden', 'another account');

-- the methods that a path has
SELECT is(headers->>'Allow', wanted, 'methods of ' || path)
FROM (VALUES ('identities', 'GET, HEAD, POST, OPTIONS'), ('identities/summary', 'GET, HEAD, OPTIONS'), ('identities/' || t.id('new'), 'GET, HEAD, PATCH, OPTIONS'), ('identities/' || t.id('new') || '/status', 'PATCH, OPTIONS'),
	('applications/crm/identities/' || t.id('new'), 'GET, HEAD, PATCH, DELETE, OPTIONS')) AS v (path, wanted), LATERAL t.http('PUT', path) WHERE status = 405;

-- reading takes no lock that stays, and writes nothing: it is served where nothing can be written
SELECT t.reset();
SET request.jwt.claims = '';
SELECT canopy_bulk_api_key_create('reader', 'crm', 'production', 'acme')->>'key' AS key \gset
BEGIN READ ONLY;
SELECT is((SELECT status FROM canopy_bulk_http('GET', '/api/v1/identities' || replace(path, 'ID', t.id('active')::text), jsonb_build_object('X-API-Key', :'key'))), 200, 'read only, with a key: ' || path)
FROM unnest('{"",/summary,/ID,/ID/detail,/ID/assignments,?q=a&status=active&has_any_assignment=true}'::text[]) AS path;
COMMIT;
SET request.jwt.claims = '{"sub": "admin-1", "principal_type": "user", "account": "acme"}';
BEGIN READ ONLY;
SELECT is(t.said('GET', 'identities' || replace(path, 'ID', t.id('active')::text)), '200', 'read only: ' || path) FROM unnest('{"",/summary,/ID,/ID/audit,?not_in_app=crm}'::text[]) AS path;
COMMIT;

-- with a key, its environment is all there is of roles
SELECT is(convert_from(body, 'UTF8')::jsonb #>> '{pagination,item_count}', '2', 'roles that a key is shown')
FROM canopy_bulk_http('GET', '/api/v1/identities/' || t.id('active') || '/assignments', jsonb_build_object('X-API-Key', :'key'));
SELECT is(h.status, 403, 'the account is not a key''s: ' || path)
FROM unnest(ARRAY['', '?not_in_app=crm', '/summary', '/' || t.id('active')]) AS path, LATERAL canopy_bulk_http('GET', '/portal/v1/accounts/acme/identities' || path, jsonb_build_object('X-API-Key', :'key')) AS h;

-- the audit entries of one identity
SELECT t.http('PATCH', 'identities/' || t.id('active'), '{"first_name":"Grace"}'), t.http('PATCH', 'identities/' || t.id('active') || '/status', '{"is_active":false}'),
	t.http('POST', 'identities/' || t.id('active') || '/app-memberships', format('{"application_id":"%s"}', t.id('wiki'))::jsonb), t.http('PATCH', 'identities/' || t.id('new'), '{}') \gset
SELECT is((SELECT string_agg(concat_ws(' ', e->>'action', e->>'resource_type', e->>'resource_id' = t.id('active')::text, e->>'application_id' = t.id('wiki')::text, e->>'actor_id', e->>'outcome'), ', ' ORDER BY n)
		FROM jsonb_array_elements(answer->'items') WITH ORDINALITY AS i (e, n)),
	'app_membership.attach app_membership t admin-1 success, identity.deactivate identity t admin-1 success, identity.update identity t admin-1 success', 'the newest come first')
FROM t.http('GET', 'identities/' || t.id('active') || '/audit');
SELECT is((SELECT string_agg(e->>'action', ', ' ORDER BY n) FROM jsonb_array_elements(answer->'items') WITH ORDINALITY AS i (e, n)), wanted, query)
FROM (VALUES ('?sort_by=action', 'app_membership.attach, identity.deactivate, identity.update'), ('?order=asc', 'identity.update, identity.deactivate, app_membership.attach'), ('?q=UPDATE', 'identity.update'),
	('?q=admin-1&take=1', 'app_membership.attach'), ('?q=nothing', NULL)) AS v (query, wanted), LATERAL t.http('GET', 'identities/' || t.id('active') || '/audit' || query);
SELECT is(answer #> '{items,0}', to_jsonb(a) || jsonb_build_object('created_at', answer #> '{items,0,created_at}'), 'an entry is as the log has it')
FROM t.http('GET', 'identities/' || t.id('new') || '/audit') AS h, canopy.audit_log AS a WHERE a.resource_id = t.id('new')::text;
SELECT finish();
