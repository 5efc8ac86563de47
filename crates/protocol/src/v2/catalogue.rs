//! The catalogue and what each customer has of it (seed 000, member by member).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{Currency, Millis};

/// `POST /product_book`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreateProductBook {
    /// Shown to partners; at most 100 characters.
    pub name: String,
    /// At most 1,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The billing system's product id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_key: Option<String>,
    /// A key of ours (`pbook_…`) to keep, for records moved from elsewhere. **We** add it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// `PATCH /product_book/{key}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpdateProductBook {
    /// New name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// New description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// New billing id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_key: Option<String>,
    /// Whether it is archived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
}

/// A catalogue entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProductBook {
    /// Whether it is archived.
    pub archived: bool,
    /// The program's number.
    pub company_id: i64,
    /// Made at.
    pub created_at: Millis,
    /// Short description.
    pub description: Option<String>,
    /// The billing system's product id.
    pub external_key: Option<String>,
    /// Always null (seed 000).
    pub id: Option<i64>,
    /// `pbook_…`
    pub key: String,
    /// Shown to partners.
    pub name: String,
    /// Last changed at.
    pub updated_at: Millis,
}

/// The status of a customer's product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProductStatus {
    /// In trial.
    Trial,
    /// Paid.
    #[default]
    Active,
    /// Cancelled or lapsed.
    Churned,
}

impl ProductStatus {
    /// The names of all of them.
    pub const NAMES: &'static [&'static str] =
        &[Self::Trial.name(), Self::Active.name(), Self::Churned.name()];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trial => "trial",
            Self::Active => "active",
            Self::Churned => "churned",
        }
    }

    /// The status with this name; `None` if there is none.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Trial, Self::Active, Self::Churned].into_iter().find(|status| status.name() == name)
    }
}

/// `POST /products`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreateProduct {
    /// A catalogue entry: its `pbook_` key, or its `external_key`.
    pub product_book_key: String,
    /// The customer: our `cus_` key, or the site's own id.
    #[serde(
        default,
        deserialize_with = "crate::event::loose::optional_key",
        skip_serializing_if = "Option::is_none"
    )]
    pub customer_key: Option<String>,
    /// The customer by the billing provider's id, where `customer_key` is not known. **We** add it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_key: Option<String>,
    /// `trial`, `active` or `churned`.
    pub status: ProductStatus,
    /// Partnership to credit; another program's is 403.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partnership_key: Option<String>,
    /// Team member to credit; one that is linked to no active partner is ignored, with a warning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack_key: Option<String>,
    /// The billing subscription; payments name it byte for byte as `subscription_key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_subscription_key: Option<String>,
    /// Minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// Currency of `amount`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// More names of the catalogue entry, such as a price's id, tried in order after `product_book_key`. **We** add it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub catalogue_keys: Vec<String>,
    /// When this was true, by the source's clock; a request older than the stored state changes nothing. **We** add it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Millis>,
    /// The click that sold it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub click_xid: Option<String>,
    /// Anything the site wants kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map<String, Value>>,
}

/// `PATCH /products/{key or external_subscription_key}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpdateProduct {
    /// New status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ProductStatus>,
    /// New price in minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// Currency of `amount`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The billing subscription.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_subscription_key: Option<String>,
    /// Another catalogue entry, where the first was wrong. **We** add it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_book_key: Option<String>,
}

/// What a customer has of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Product {
    /// Minor units.
    pub amount: Option<i64>,
    /// The click that sold it.
    pub click_xid: Option<String>,
    /// The program's number.
    pub company_id: i64,
    /// Purchase date.
    pub created_at: Millis,
    /// Currency of `amount`.
    pub currency: Option<Currency>,
    /// The customer as the request named it.
    pub customer_key: String,
    /// The billing subscription.
    pub external_subscription_key: Option<String>,
    /// Custom fields.
    pub field_data: Option<Map<String, Value>>,
    /// `prod_…`
    pub key: String,
    /// Team member's address; null unless the caller may see it.
    pub member_email: Option<String>,
    /// Team member's picture.
    pub member_logo: Option<String>,
    /// Team member's name.
    pub member_name: Option<String>,
    /// What the site wanted kept.
    pub metadata: Option<Map<String, Value>>,
    /// Null in the vendor's answers (seed 000); the product's name in a partner's view.
    pub name: Option<String>,
    /// Partner's picture.
    pub partner_logo: Option<String>,
    /// Partner's name; null unless the caller may see it.
    pub partner_name: Option<String>,
    /// Partnership credited.
    pub partnership_key: Option<String>,
    /// Catalogue entry.
    pub product_book_key: Option<String>,
    /// Team member credited.
    pub stack_key: Option<String>,
    /// Its status.
    pub status: ProductStatus,
    /// The source of the catalogue entry; absent if it is the vendor, as in seed 000. **We** add it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// When a source other than a page confirmed the catalogue entry. **We** add it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Millis>,
    /// Always null (seed 000).
    pub team_color: Option<String>,
    /// Last changed at.
    pub updated_at: Millis,
}
