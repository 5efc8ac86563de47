"""What no OpenAPI document says: refusals that depend on what is stored, or on several members at once.

Schemathesis loads this file (SCHEMATHESIS_HOOKS). Three of its checks get exceptions here, each with its reason; every
other check stays as it is.
"""

import json
import re
from urllib.parse import parse_qsl, urlsplit

import schemathesis
from schemathesis.checks import CHECKS
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import RejectedPositiveData, UseAfterFree
from schemathesis.specs.openapi import checks as its_own

import objects  # noqa: F401: it names objects in requests

# Codes of answers to requests that are well formed and name something that is not there, or that is no longer possible.
DEPENDS_ON_WHAT_IS_STORED = re.compile(
    "unknown_(partner|partnership|group|tier|collection|cursor|member|customer|product_book|stage)"
    "|month_not_over|destination_not_allowed|read_only"
)

# (code, field, message), each a regular expression of a part of it: rules about several members, or about a text, which
# JSON schema has no word for, or only words that generators of clients do not read.
RULES = [
    # PostgreSQL cannot keep NUL, so that no text may hold it, the names of free members included.
    ("invalid_value", "", "must not contain the character NUL"),
    # Parameters cannot exclude each other in OpenAPI.
    ("invalid_value", "^ending_before$", "cannot be given together"),
    # One of several members is needed, or one where another has a certain value.
    ("required", "^(target_type|target_key|target|type|partner_key|group_key|partnership_key|customer_key)$", ""),
    ("required", "^(email|account_name|reason|tags|amount|action\\.amount|action\\.group|action\\.caps.*amounts|fields\\[\\d+\\]\\.api_name)$", ""),
    ("invalid_value", "", "is not allowed beside|takes exactly one of|, not both|give one when the name has none"),
    # The stages of a program are the company's, and a refund is at most what was paid: both are stored.
    ("invalid_value", "^(stage|status)$", "is not one of"),
    ("out_of_range", "^(amount|refunded_total|lines)$", "payment's amount|not refunded yet"),
    # Times that are compared with the clock of the server, or of the program's tests.
    ("out_of_range", "^(advance_to|payment_date)$", ""),
    # What the form of a partner's group requires is stored.
    ("required", "^fields\\.", ""),
    # The answers to a form are free members; an empty name is none.
    ("out_of_range|wrong_type", "^fields", ""),
    # Which fields, operators and values a rule may have depends on its object (GET /triggers/schema says it).
    ("", "^rules", ""),
    # Not every month has 31 days.
    ("invalid_value", "^close_date$", "must be a day"),
    # What a trigger may pay depends on its event, and its installments and caps on each other.
    ("invalid_value", "^action", "needs the event|the event has|repeats an earlier|must be longer than nothing"),
    # Maps of amounts by currency: generators of clients read no bounds of a map's values.
    ("out_of_range", "^action.*amounts", ""),
    # Names that may stand once, or that the server itself uses, and a month that is in no calendar.
    ("invalid_value", "^(fields|slug|month)", "is there twice|path of the server itself|must be a year and a month"),
    # Nothing could be verified without the secret, which is stored.
    ("invalid_value", "^signups$", "where identity_secret is set"),
    # What a URL is, the parser of browsers decides.
    ("invalid_value", "^(target|dest|origins|link_destinations)", "URL|be like|must be hosts|https|host|user or password"),
]


for name in ("positive_data_acceptance", "negative_data_rejection", "use_after_free"):
    CHECKS.unregister(name)


def answer(response):
    try:
        body = json.loads(response.content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def explained(response):
    if response.status_code != 400:
        return False
    body = answer(response)
    code, field, message = (str(body.get(name) or "") for name in ("code", "field", "message"))
    if DEPENDS_ON_WHAT_IS_STORED.fullmatch(code):
        return True
    return any(
        re.search(rule_code, code) and re.search(rule_field, field) and re.search(text, message)
        for rule_code, rule_field, text in RULES
    )


@schemathesis.check
def positive_data_acceptance(ctx, response, case):
    try:
        return its_own.positive_data_acceptance(ctx, response, case)
    except RejectedPositiveData:
        if explained(response):
            return None
        raise


@schemathesis.check
def negative_data_rejection(ctx, response, case):
    """Two kinds of parameters are not read: a filter that is only the company's, when a partner sends it (a warning says
    so), and an empty one, which is one that was not given."""
    try:
        return its_own.negative_data_rejection(ctx, response, case)
    except AcceptedNegativeData:
        documented = {parameter.name for parameter in case.operation.query}
        warned = {warning.get("field") for warning in answer(response).get("warnings") or []}
        query = parse_qsl(urlsplit(response.request.url).query, keep_blank_values=True)
        empty = {name for name, value in query if value == ""}
        if documented & (warned | empty):
            return None
        raise


@schemathesis.check
def use_after_free(ctx, response, case):
    """DELETE archives most objects: they are read afterwards, marked as archived (api.md section 3)."""
    try:
        return its_own.use_after_free(ctx, response, case)
    except UseAfterFree:
        if archives(case):
            return None
        raise


def archives(case):
    for path, operations in case.operation.schema.raw_schema["paths"].items():
        if case.path == path or case.path.startswith(path + "/"):
            if operations.get("delete", {}).get("summary", "").startswith("Archive"):
                return True
    return False
