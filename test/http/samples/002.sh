curl -X POST "https://api.canopy.dev/portal/v1/accounts/{accountSlug}/applications/{appSlug}/app-memberships/bulk-attach" \
  -H "Authorization: Bearer $CANOPY_TOKEN" \
  -H "Content-Type: application/json" \
  -d '{
    "identity_ids": [
      "id_01HXABC...",
      "id_01HXDEF..."
    ]
  }'
