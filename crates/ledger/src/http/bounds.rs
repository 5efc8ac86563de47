//! The bounds of a body's members in the OpenAPI document. Derived schemas say only types, and their attributes take
//! no constants; what a member may be is checked in `record`, by the same limits. `cargo xtask soak --only schemathesis`
//! compares the two.

use std::collections::BTreeMap;

use headwater_protocol::key::Prefix;
use headwater_protocol::limits::{
    ACTION_VALUE_MAX, AMOUNT_MAX, CAPS_MAX, COMPANY_NAME_MAX, CUSTOMER_KEY_MAX, CUSTOMER_KEY_MIN,
    DESCRIPTION_MAX, DRIP_OCCURRENCES_MAX, DRY_RUN_STEP, EMAIL_MAX, EMAIL_MIN, FORM_FIELDS_MAX,
    KEY_OVERLAP_HOURS_MAX, LIST_MAX, METADATA_ENTRIES_MAX, METADATA_NAME_MAX, METADATA_VALUE_MAX, NAME_MAX,
    PARTNER_KEY_MAX, SECRET_MAX, SUB_ID_MAX, SUB_IDS_MAX, TRANSACTION_KEY_MAX, TRANSACTION_KEY_MIN,
    WEBHOOK_TARGET_MAX,
};
use headwater_protocol::v2::BillingProvider;
use serde_json::Value;
use utoipa::Number;
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayItems, Object, ObjectBuilder, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{RefOr, Schema};

use crate::record::deal_file::NAME_MAX as FILE_NAME_MAX;
use crate::record::link::{DEST_MAX, SLUG_MAX};
use crate::record::partnership::TAGS_MAX;
use crate::record::stage::POSITION_MAX;

/// What a member may be.
enum Bound {
    /// Characters of a text, at least and at most.
    Characters(usize, usize),
    /// The smallest and the largest number.
    Numbers(i64, i64),
    /// Entries of a list, at least and at most.
    Entries(usize, usize),
    /// Characters of each text of a list, at least and at most.
    EachOf(usize, usize),
    /// A text that the expression matches as a whole.
    Like(&'static str),
    /// A key of ours.
    Key(Prefix),
    /// A day, as `2026-12-31`.
    Day,
    /// One of these words.
    Words(&'static [&'static str]),
    /// An object of texts by billing provider.
    ByProvider,
    /// A payment's metadata: few short names, with plain values.
    Metadata,
    /// A text that may be absent, but not null.
    NotNull,
    /// A time that is not before 1970.
    Since1970,
    /// Every request has it.
    Required,
}

use Bound::{
    ByProvider, Characters, Day, EachOf, Entries, Key, Like, Metadata, NotNull, Numbers, Required, Since1970,
    Words,
};

/// Schemas, one of their members, and what it may be.
type MemberBound = (&'static [&'static str], &'static str, Bound);

const ID: Bound = Characters(CUSTOMER_KEY_MIN, CUSTOMER_KEY_MAX);
const EMAIL: Bound = Characters(EMAIL_MIN, EMAIL_MAX);
const NAME: Bound = Characters(1, NAME_MAX);
/// A name that may be empty, because it may not be known.
const OPEN_NAME: Bound = Characters(0, NAME_MAX);
const TEXT: Bound = Characters(1, DESCRIPTION_MAX);
/// A calendar span, up to 3660.
const SPAN: Bound = Like("^([0-9]{1,3}|[12][0-9]{3}|3[0-5][0-9]{2}|36[0-5][0-9]|3660)[dwmy]$");

/// What rules may be about.
const OBJECTS: &[&str] =
    &["product", "transaction", "customer", "partnership", "action", "deal", "lead", "link"];

const PEOPLE: &[MemberBound] = &[
    (&["CreateCustomer", "UpdateCustomer", "CreateMember", "CreateTeamMember"], "email", EMAIL),
    (&["CreatePartnership", "CreateApplication", "CreateLead", "UpdateLead", "ConvertSale"], "email", EMAIL),
    (&["CreatePartnership", "UpdatePartnership"], "manager_email", EMAIL),
    (&["CreateDeal", "UpdateDeal"], "contact_email", EMAIL),
    // Only what the relay hands on from a page may have none (trust.md section 3).
    (&["CreateCustomer"], "email", Required),
    (&["Conversion"], "email", Characters(0, EMAIL_MAX)),
    (&["CreateCustomer", "UpdateCustomer", "Conversion", "CreateMember"], "name", OPEN_NAME),
    (&["CreatePartnership", "UpdatePartnership", "CreateApplication"], "first_name", OPEN_NAME),
    (&["CreatePartnership", "UpdatePartnership", "CreateApplication"], "last_name", OPEN_NAME),
    (&["CreatePartnership", "UpdatePartnership"], "manager_name", OPEN_NAME),
    (&["CreateLead", "UpdateLead"], "first_name", OPEN_NAME),
    (&["CreateLead", "UpdateLead"], "last_name", OPEN_NAME),
    (&["CreateDeal", "UpdateDeal"], "contact_first_name", OPEN_NAME),
    (&["CreateDeal", "UpdateDeal"], "contact_last_name", OPEN_NAME),
    (&["CreateApplication"], "company", Characters(0, COMPANY_NAME_MAX)),
    (&["CreateLead", "UpdateLead"], "company", Characters(1, COMPANY_NAME_MAX)),
    (&["CreateDeal", "UpdateDeal"], "account_name", Characters(1, COMPANY_NAME_MAX)),
    (&["CreateDeal", "UpdateDeal"], "name", Characters(1, COMPANY_NAME_MAX)),
    (&["CreateCustomer"], "partner_key", NotNull),
    (&["CreateCustomer"], "partner_key", Characters(1, PARTNER_KEY_MAX)),
    // Its bytes are counted, not its characters, which a schema cannot say.
    (&["CreatePartnership"], "partner_key", Characters(1, PARTNER_KEY_MAX)),
    (&["CreatePartnership"], "partner_key", Like("^[^\\x00-\\x1F\\x7F]+$")),
    (&["CreatePartnership", "UpdatePartnership"], "tags", Entries(0, TAGS_MAX)),
    (&["CreatePartnership", "UpdatePartnership"], "tags", EachOf(1, NAME_MAX)),
    (&["TagPartnership"], "tags", EachOf(1, NAME_MAX)),
    (&["TagPartnership"], "add", EachOf(1, NAME_MAX)),
    (&["MovePartnerships"], "partnership_keys", Entries(1, LIST_MAX as usize)),
    (&["UpdatePartnership"], "approved_status", Words(&["approved", "pending", "declined"])),
    (&["DecideApplication", "DecideApplications"], "status", Words(&["approved", "declined"])),
    (&["DecideApplication", "DecideApplications"], "reason", TEXT),
    (&["DecideApplications"], "keys", Entries(1, LIST_MAX as usize)),
];

const KEYS: &[MemberBound] = &[
    (&["CreateApplication"], "key", Key(Prefix::Application)),
    (&["CreateCustomer"], "key", Key(Prefix::Customer)),
    (&["CreateDeal"], "key", Key(Prefix::Deal)),
    (&["CreateFormTemplate"], "key", Key(Prefix::FormTemplate)),
    (&["CreateGroup"], "key", Key(Prefix::Group)),
    (&["CreateLead"], "key", Key(Prefix::Lead)),
    (&["CreateMember", "CreateTeamMember"], "key", Key(Prefix::Member)),
    (&["CreatePartnership"], "key", Key(Prefix::Partnership)),
    (&["CreateProductBook"], "key", Key(Prefix::ProductBook)),
    (&["CreateStage"], "key", Key(Prefix::Stage)),
    (&["CreateTier"], "key", Key(Prefix::Tier)),
    (&["CreateTiersCollection"], "key", Key(Prefix::TiersCollection)),
    (&["CreateWebhook"], "key", Key(Prefix::Webhook)),
    (&["CreateCustomer", "UpdateCustomer", "Conversion", "ConvertSale"], "customer_key", ID),
    (&["CreateCustomer", "UpdateCustomer"], "provider_key", ID),
    (&["Conversion"], "provider_key", Characters(0, CUSTOMER_KEY_MAX)),
    (&["CreateCustomer", "UpdateCustomer", "CreateAction"], "external_key", ID),
    (&["CreateDeal", "UpdateDeal", "CreateLead", "UpdateLead"], "external_key", ID),
    (&["CreateProductBook", "UpdateProductBook"], "external_key", ID),
    (&["CreateProduct", "UpdateProduct"], "external_subscription_key", ID),
    (&["CreateProduct"], "click_xid", Characters(0, CUSTOMER_KEY_MAX)),
    (&["Conversion"], "xid", ID),
    (&["Conversion"], "sub_ids", Entries(0, SUB_IDS_MAX)),
    (&["Conversion"], "sub_ids", EachOf(0, SUB_ID_MAX)),
];

const COMPANY: &[MemberBound] = &[
    (&["CreateGroup", "UpdateGroup", "CreateTier", "UpdateTier", "CreateStage"], "name", NAME),
    (&["CreateTiersCollection", "UpdateTiersCollection", "UpdateProgram"], "name", NAME),
    (&["CreateFormTemplate", "UpdateFormTemplate", "FormField"], "name", NAME),
    (&["CreateProductBook", "UpdateProductBook", "CreateTrigger", "UpdateTrigger"], "name", NAME),
    (&["CreateGroup"], "slug", Like("^[A-Za-z0-9-]{1,100}$")),
    (&["CreateTier", "UpdateTier"], "description", Characters(0, DESCRIPTION_MAX)),
    (&["CreateProductBook", "UpdateProductBook"], "description", Characters(0, DESCRIPTION_MAX)),
    (&["CreateStage", "UpdateStage"], "position", Numbers(0, POSITION_MAX)),
    (&["CreateFormTemplate", "UpdateFormTemplate"], "fields", Entries(0, FORM_FIELDS_MAX)),
    (&["FormField"], "api_name", Like("^[A-Za-z0-9_]{1,100}$")),
    (&["FormField"], "type", NAME),
    (&["FormField"], "options", Entries(0, FORM_FIELDS_MAX)),
    (&["FormField"], "options", EachOf(1, NAME_MAX)),
    (&["CreateLink", "UpdateLink"], "dest", Characters(1, DEST_MAX)),
    (&["CreateLink"], "slug", Characters(1, SLUG_MAX)),
    (&["CreateLink"], "slug", Like("^[A-Za-z0-9_-]+$")),
    (&["CreateWebhook", "UpdateWebhook"], "target", Characters(1, WEBHOOK_TARGET_MAX)),
    (&["CreateWebhook", "UpdateWebhook"], "events", Entries(1, usize::MAX)),
    (&["RotateKey", "RotateWebhook"], "overlap_hours", Numbers(0, KEY_OVERLAP_HOURS_MAX)),
    (&["UpdateProgram"], "identity_secret", Characters(0, SECRET_MAX)),
    (&["UpdateProgram"], "webhook_secrets", ByProvider),
    (&["UpdateProgram"], "test_webhook_secrets", ByProvider),
    (&["CreateDealFile"], "name", Characters(1, FILE_NAME_MAX)),
    (&["CreateDealFile"], "content_type", Characters(3, FILE_NAME_MAX)),
    (
        &["CreateDealFile"],
        "content",
        Like("^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$"),
    ),
];

const MONEY: &[MemberBound] = &[
    (&["CreateTransaction", "CreateProduct", "UpdateProduct"], "amount", Numbers(-AMOUNT_MAX, AMOUNT_MAX)),
    (&["CreateDeal", "UpdateDeal", "CreateLead", "UpdateLead"], "amount", Numbers(0, AMOUNT_MAX)),
    (&["CreateReward", "FlatCommission"], "amount", Numbers(1, AMOUNT_MAX)),
    (&["CreateTransaction"], "key", Characters(TRANSACTION_KEY_MIN, TRANSACTION_KEY_MAX)),
    (&["CreateTransaction"], "subscription_key", ID),
    (&["CreateTransaction"], "product_key", Characters(0, CUSTOMER_KEY_MAX)),
    (&["CreateTransaction"], "category_key", Characters(0, CUSTOMER_KEY_MAX)),
    (&["CreateTransaction"], "metadata", Metadata),
    (&["CreateTransaction"], "created_at", Since1970),
    (&["RuleScope", "RuleLeaf"], "object", Words(OBJECTS)),
    (&["CreateReward"], "description", TEXT),
    (&["UpdateReward", "Attribution"], "reason", TEXT),
    (&["UpdateReward"], "status", Words(&["hold", "pending", "approved", "declined", "paid"])),
    (&["CreateTrigger", "UpdateTrigger"], "offer_description", TEXT),
    (&["CreateDeal", "UpdateDeal"], "close_date", Day),
    (&["CreateAction"], "type", ID),
    (&["CreateAction"], "key", ID),
    (&["CreateAction"], "value", Numbers(1, ACTION_VALUE_MAX)),
    (&["CreateAction"], "value", Required),
    (&["CloseInvoices"], "month", Like("^[0-9]{4}-(0[1-9]|1[0-2])$")),
    (&["UpdateInvoice"], "status", Words(&["paid"])),
    (&["Drip"], "occurrences", Numbers(1, DRIP_OCCURRENCES_MAX as i64)),
    (&["Drip"], "delay", SPAN),
    (&["Drip"], "cycle", SPAN),
    (&["PercentCommission"], "percent", Like("^([1-9][0-9]?|100|([1-9]?[0-9])\\.[0-9]{0,3}[1-9])$")),
    (&["Cap"], "rewards", Numbers(1, i64::MAX)),
    (&["FlatCommission", "PercentCommission"], "caps", Entries(0, CAPS_MAX)),
    (&["PastRange", "DryRunTrigger"], "limit", Numbers(1, DRY_RUN_STEP as i64)),
];

/// Writes the bounds into the schemas. Answers with the rows that name no member, of which there are none.
pub(crate) fn write(schemas: &mut BTreeMap<String, RefOr<Schema>>) -> Vec<String> {
    let mut missed = Vec::new();
    for (names, member, bound) in [PEOPLE, KEYS, COMPANY, MONEY].into_iter().flatten() {
        for name in *names {
            if bound.write(schemas.get_mut(*name), member).is_none() {
                missed.push(format!("{name}.{member}"));
            }
        }
    }
    missed
}

impl Bound {
    /// Writes it into a member of the schema; `None` when there is no such member.
    fn write(&self, schema: Option<&mut RefOr<Schema>>, member: &str) -> Option<()> {
        let RefOr::T(Schema::Object(schema)) = schema? else { return None };
        if matches!(self, Required) {
            schema.required.push(member.to_owned());
        }
        let property = schema.properties.get_mut(member)?;
        match (self, property) {
            (Required, _) => {}
            (Words(words), property) => *property = one_of(words, property),
            (Since1970, property) => {
                *property = ObjectBuilder::new()
                    .schema_type(SchemaType::from_iter([Type::Integer, Type::Null]))
                    .format(Some(SchemaFormat::Custom("int64".to_owned())))
                    .minimum(Some(0))
                    .description(Some("Milliseconds since 1970-01-01 UTC, when that is not now."))
                    .into();
            }
            (Entries(min, max), RefOr::T(Schema::Array(list))) => {
                list.min_items = Some(*min).filter(|min| *min > 0);
                list.max_items = Some(*max).filter(|max| *max < usize::MAX);
            }
            (EachOf(min, max), RefOr::T(Schema::Array(list))) => {
                let ArrayItems::RefOrSchema(each) = &mut list.items else { return None };
                let RefOr::T(Schema::Object(each)) = each.as_mut() else { return None };
                Characters(*min, *max).write_value(each);
            }
            (bound, RefOr::T(Schema::Object(value))) => bound.write_value(value),
            _ => return None,
        }
        Some(())
    }

    /// Writes it into the schema of a text, a number or an object.
    fn write_value(&self, value: &mut Object) {
        match self {
            Characters(min, max) => {
                value.min_length = Some(*min).filter(|min| *min > 0);
                value.max_length = Some(*max);
            }
            Numbers(min, max) => {
                value.minimum = isize::try_from(*min).ok().map(Number::Int);
                value.maximum = isize::try_from(*max).ok().filter(|_| *max < i64::MAX).map(Number::Int);
            }
            Like(pattern) => value.pattern = Some((*pattern).to_owned()),
            Key(prefix) => value.pattern = Some(format!("^{}[A-Za-z0-9]{{1,64}}$", prefix.text())),
            Day => {
                value.format = Some(SchemaFormat::Custom("date".to_owned()));
                value.pattern = Some("^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$".to_owned());
            }
            ByProvider => {
                let names = BillingProvider::ALL.iter().map(|provider| provider.name());
                let names = text().enum_values(Some(names));
                value.property_names = Some(Box::new(names.into()));
            }
            Metadata => {
                let name = text().min_length(Some(1)).max_length(Some(METADATA_NAME_MAX));
                let plain = [Type::String, Type::Number, Type::Boolean, Type::Null];
                let plain = ObjectBuilder::new()
                    .schema_type(SchemaType::from_iter(plain))
                    .max_length(Some(METADATA_VALUE_MAX));
                value.max_properties = Some(METADATA_ENTRIES_MAX);
                value.property_names = Some(Box::new(name.into()));
                value.additional_properties = Some(Box::new(AdditionalProperties::RefOr(plain.into())));
            }
            NotNull => value.schema_type = Type::String.into(),
            Words(_) | Entries(..) | EachOf(..) | Required | Since1970 => {}
        }
    }
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// One of the words, with what was said about the member. Where it may be null, null is one of them.
fn one_of(words: &[&'static str], member: &RefOr<Schema>) -> RefOr<Schema> {
    let (kind, about) = match member {
        RefOr::T(Schema::Object(value)) => (value.schema_type.clone(), value.description.clone()),
        RefOr::Ref(named) => (Type::String.into(), Some(named.description.clone())),
        RefOr::T(_) => (Type::String.into(), None),
    };
    let nullable = matches!(&kind, SchemaType::Array(types) if types.contains(&Type::Null));
    let mut values: Vec<Value> = words.iter().copied().map(Value::from).collect();
    values.extend(nullable.then_some(Value::Null));
    let about = about.filter(|text| !text.is_empty());
    ObjectBuilder::new().schema_type(kind).description(about).enum_values(Some(values)).into()
}
