-- Creating identities from within an application.

-- every row becomes a member; the answer has the eight fields of that tier
SELECT masked(canopy_bulk_create('[{"email": "mary@example.com", "first_name": "Mary", "last_name": "Shaw"}]',
                                 account => 'acme', application => 'crm'));

-- a row may bring a role at a node, both or none
SELECT * FROM verdicts(canopy_bulk_create('[
    {"email": "r1@example.com", "first_name": "R", "last_name": "R",
     "role_id": "f0000000-0000-4000-8000-000000000001", "node_id": "f0000000-0000-4000-8000-000000000002"},
    {"email": "r2@example.com", "first_name": "R", "last_name": "R",
     "role_id": "f0000000-0000-4000-8000-000000000001"},
    {"email": "r3@example.com", "first_name": "R", "last_name": "R",
     "role_id": "f0000000-0000-4000-8000-00000000dead", "node_id": "f0000000-0000-4000-8000-00000000dead"}
]', 'acme', 'crm'));
SELECT email, m.status, r.name AS role, n.name AS node
FROM canopy.identity AS i
JOIN canopy.app_membership AS m ON m.account_id = i.account_id AND m.identity_id = i.id
LEFT JOIN canopy.role_assignment AS ra ON ra.account_id = i.account_id AND ra.identity_id = i.id
LEFT JOIN canopy.role AS r ON r.account_id = ra.account_id AND r.id = ra.role_id
LEFT JOIN canopy.node AS n ON n.account_id = ra.account_id AND n.id = ra.node_id
WHERE email SIMILAR TO '(mary|r_)@%'
ORDER BY email;

-- settings say once what every call would repeat; an empty argument takes it back
SET canopy_bulk.account = 'acme';
SET canopy_bulk.application = 'crm';
SELECT jsonb_path_query(canopy_bulk_create('[{"email": "s1@example.com", "first_name": "S", "last_name": "S"}]'),
                        '$.results[0].data.app_memberships');
SELECT jsonb_path_query(canopy_bulk_create('[{"email": "s2@example.com", "first_name": "S", "last_name": "S"}]',
                                           application => ''),
                        '$.results[0].data.app_memberships');
RESET canopy_bulk.account;
RESET canopy_bulk.application;
