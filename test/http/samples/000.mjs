const response = await fetch("https://api.canopy.dev/portal/v1/accounts/{accountSlug}/applications/{appSlug}/identities/bulk-import-events", {
method: "POST",
headers: {
"Authorization": "Bearer $CANOPY_TOKEN",
"Content-Type": "application/json"
},
body: JSON.stringify({
"mode": "create",
"total": 0,
"succeeded": 0,
"failed": 0,
"skipped": 0
}),
});
const data = await response.json();
