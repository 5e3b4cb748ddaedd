curl -X POST "https://api.canopy.dev/portal/v1/accounts/{accountSlug}/applications/{appSlug}/identities/bulk-import-events" \
-H "Authorization: Bearer $CANOPY_TOKEN" \
-H "Content-Type: application/json" \
-d '{
"mode": "create",
"total": 0,
"succeeded": 0,
"failed": 0,
"skipped": 0
}'
