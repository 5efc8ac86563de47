"""Objects for the runs: made before them, and named in half of the requests, so that these come further than to a 404."""

import base64
import json
import os
import urllib.error
import urllib.request

import schemathesis
from hypothesis import strategies as st

# Objects of each kind: runs archive and delete them, too.
EACH = 25

URL = os.environ.get("HEADWATER_URL", "")
PAIR = base64.b64encode(os.environ.get("HEADWATER_PAIR", "").encode()).decode()
# The partner who asks; without one the company does, and every object has a partner of its own.
PARTNER = os.environ.get("HEADWATER_PARTNER")

# Keys by the path's resource, and what members of a body name.
keys = {}
named = {}


def ask(path, body=None):
    request = urllib.request.Request(
        f"{URL}/api/v2/{path}",
        data=body and json.dumps(body).encode(),
        headers={"Authorization": f"Basic {PAIR}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request) as response:
            return json.load(response)["data"]
    except urllib.error.HTTPError as refused:
        raise RuntimeError(f"{path}: {refused.read().decode()}") from refused


def make(resource, body):
    """Makes an object; its key is known afterwards."""
    made = ask(resource, body)
    keys.setdefault(resource, []).append(made["key"])
    return made


def fill():
    flat = {"type": "commission_flat", "amount": 500, "currency": "USD"}
    # Names are unique in a program, and two runs share one.
    for number in (f"{PARTNER or 'own'}{number}" for number in range(EACH)):
        group = make("groups", {"name": f"Group {number}"})
        collection = make("tiers-collection", {"name": f"Collection {number}"})
        tier = make("tiers", {"name": f"Tier {number}", "collection_key": collection["key"]})
        address = f"partner{number}@agency.example"
        if PARTNER:
            partner = ask(f"partnerships/{PARTNER}")
        else:
            partner = make("partnerships", {"email": address, "group_key": group["key"]})
        keys.setdefault("partners", []).append(partner["key"])
        keys.setdefault("partner-team", []).append(partner["team"]["key"])
        own = {"partner_key": partner["partner_key"]}
        make("members", {"partnership_key": partner["key"], "email": f"member{number}@agency.example"})
        customer = make("customers", {"email": f"c{number}@site.example", "customer_key": f"c{number}", **own})
        entry = make("product_book", {"name": f"Plan {number}", "external_key": f"plan_{number}"})
        keys.setdefault("product-book", []).append(entry["key"])
        sold = {"product_book_key": entry["key"], "customer_key": customer["key"], "status": "active"}
        make("products", {**sold, "external_subscription_key": f"sub_{number}"})
        make("triggers", {"name": f"T {number}", "offer_description": "5 $", "event": "customer_created", "action": flat})
        paid = {"customer_key": customer["key"], "amount": 4900, "currency": "USD"}
        make("transactions", {**paid, "subscription_key": f"sub_{number}"})
        make("rewards", {"amount": 500, "description": "A bonus", **own})
        make("actions", {"customer_key": customer["key"], "key": "demo_booked", "value": 1})
        make("deals", {"account_name": f"Account {number}", **own})
        make("leads", {"email": f"lead{number}@site.example", **own})
        make("applications", {"email": f"applicant{number}@agency.example"})
        make("form-templates", {"type": "deal", "name": f"Form {number}", "group_key": group["key"]})
        make("links", {"partnership_key": partner["key"], "dest": "https://www.example.com/"})
        for name, value in {
            **own,
            "partnership_key": partner["key"],
            "customer_key": customer["customer_key"],
            "group_key": group["key"],
            "tier_key": tier["key"],
            "collection_key": collection["key"],
            "product_book_key": entry["key"],
            "target_key": customer["key"],
            "subscription_key": f"sub_{number}",
        }.items():
            named.setdefault(name, []).append(value)
    for number in range(5):
        make("webhooks", {"target": f"http://127.0.0.1:9/{number}", "events": ["customer.created"]})
    keys["sales-cycles"] = ["deal", "lead"]


if URL:
    fill()


@schemathesis.hook
def flatmap_path_parameters(context, path_parameters):
    parts = context.operation.path.removeprefix("/api/").removeprefix("v2/").split("/")
    known = keys.get(parts[0])
    if not known or not isinstance(path_parameters, dict) or "key" not in path_parameters:
        return st.just(path_parameters)
    with_known = st.sampled_from(known).map(lambda key: {**path_parameters, "key": key})
    return st.one_of(st.just(path_parameters), with_known)


@schemathesis.hook
def flatmap_body(context, body):
    if not isinstance(body, dict):
        return st.just(body)
    # A text that the document forbids stays, because it is what the request is about.
    given = [name for name in named if isinstance(body.get(name), str) and 1 <= len(body[name]) <= 255]
    if not given:
        return st.just(body)
    known = st.fixed_dictionaries({name: st.sampled_from(named[name]) for name in given})
    return st.one_of(st.just(body), known.map(lambda values: {**body, **values}))
