import requests
response = requests.post(
"https://api.canopy.dev/portal/v1/accounts/{accountSlug}/applications/{appSlug}/identities/bulk-import-events",
headers={
"Authorization": "Bearer $CANOPY_TOKEN",
"Content-Type": "application/json"
},
json={
"mode": "create",
"total": 0,
"succeeded": 0,
"failed": 0,
"skipped": 0,
},
)
data = response.json()
