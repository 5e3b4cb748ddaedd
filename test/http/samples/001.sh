curl -X POST "https://api.canopy.dev/portal/v1/accounts/{accountSlug}/identities/bulk-create" \
  -H "Authorization: Bearer $CANOPY_TOKEN" \
  -H "Content-Type: application/json" \
  -d '{
    "identities": [
      {
        "email": "string",
        "first_name": "string",
        "last_name": "string",
        "password": "string",
        "external_id": "string",
        "metadata": {},
        "application_id": "string"
      }
    ]
  }'
