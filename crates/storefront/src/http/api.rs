//! The app's JSON API: sign up, choose products, pay, and read what Headwater recorded.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use headwater_protocol::field::{self, FieldError};
use headwater_protocol::limits;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Shop;
use crate::billing::{BillingError, Share};
use crate::journey::{self, Journey, PartnerJourney};
use crate::site::SiteSubscription;

/// An answer outside 2xx: `{"message", "field"}`.
pub(super) struct ShopFailure {
    status: StatusCode,
    field: String,
    message: String,
}

impl ShopFailure {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, field: String::new(), message: message.into() }
    }
}

impl IntoResponse for ShopFailure {
    fn into_response(self) -> Response {
        (self.status, Json(json!({"message": self.message, "field": self.field}))).into_response()
    }
}

impl From<FieldError> for ShopFailure {
    fn from(error: FieldError) -> Self {
        let message = error.to_string();
        Self { status: StatusCode::BAD_REQUEST, field: error.field, message }
    }
}

impl From<BillingError> for ShopFailure {
    fn from(refused: BillingError) -> Self {
        match refused {
            BillingError::Invalid(message) => {
                Self { field: "products".to_owned(), ..Self::new(StatusCode::BAD_REQUEST, message) }
            }
            BillingError::UnknownCustomer => Self {
                field: "customer_key".to_owned(),
                ..Self::new(StatusCode::NOT_FOUND, "no customer has this customer_key: sign up first")
            },
            BillingError::Conflict(message) => Self::new(StatusCode::CONFLICT, message),
            BillingError::Busy => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "too many webhooks wait; try again later")
            }
            BillingError::Site(error) => Self::from(error),
        }
    }
}

impl From<anyhow::Error> for ShopFailure {
    fn from(error: anyhow::Error) -> Self {
        eprintln!("storefront: {error:#}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the site could not save this")
    }
}

#[derive(Deserialize)]
struct NewMember {
    name: String,
    email: String,
}

#[derive(Deserialize)]
struct Choice {
    customer_key: String,
    products: Vec<String>,
}

/// A customer, in a body or a query.
#[derive(Deserialize)]
pub(super) struct Who {
    customer_key: String,
}

/// One product as the page hands it on to `trackCheckout`.
#[derive(Serialize)]
struct Chosen {
    product_book_key: &'static str,
    external_subscription_key: String,
    status: &'static str,
    amount: i64,
    currency: &'static str,
}

pub(super) async fn post_signup(State(shop): State<Shop>, body: Bytes) -> Result<Response, ShopFailure> {
    let new: NewMember = field::parse(&body)?;
    field::check_length("name", new.name.trim(), 1, limits::NAME_MAX)?;
    field::check_length("email", new.email.trim(), limits::EMAIL_MIN, limits::EMAIL_MAX)?;
    let full =
        || ShopFailure::new(StatusCode::SERVICE_UNAVAILABLE, "the demo has all the customers it can hold");
    let customer_key = shop.site.sign_up(new.name.trim(), new.email.trim())?.ok_or_else(full)?;
    Ok((StatusCode::CREATED, Json(json!({"customer_key": customer_key}))).into_response())
}

pub(super) async fn post_checkout(State(shop): State<Shop>, body: Bytes) -> Result<Response, ShopFailure> {
    let choice: Choice = field::parse(&body)?;
    let subscription = shop.billing.checkout(&choice.customer_key, &choice.products)?;
    let products = chosen(&subscription);
    Ok(Json(json!({"subscription": subscription.id, "products": products})).into_response())
}

fn chosen(subscription: &SiteSubscription) -> Vec<Chosen> {
    let offers = subscription.products.iter().filter_map(|key| crate::example::offer(key));
    offers
        .map(|offer| Chosen {
            product_book_key: offer.key,
            external_subscription_key: subscription.key_of(offer),
            status: "active",
            amount: offer.amount,
            currency: crate::load::CURRENCY.code(),
        })
        .collect()
}

pub(super) async fn post_pay(State(shop): State<Shop>, body: Bytes) -> Result<Response, ShopFailure> {
    let choice: Choice = field::parse(&body)?;
    let invoice = shop.billing.pay(&choice.customer_key, &choice.products)?;
    Ok(Json(json!({"invoice": invoice})).into_response())
}

pub(super) async fn post_renew(State(shop): State<Shop>, body: Bytes) -> Result<Response, ShopFailure> {
    let who: Who = field::parse(&body)?;
    Ok(Json(json!({"invoice": shop.billing.renew(&who.customer_key)?})).into_response())
}

pub(super) async fn post_refund(State(shop): State<Shop>, body: Bytes) -> Result<Response, ShopFailure> {
    let who: Who = field::parse(&body)?;
    Ok(Json(json!({"invoice": shop.billing.refund(&who.customer_key, Share::Rest)?})).into_response())
}

pub(super) async fn post_refund_half(State(shop): State<Shop>, body: Bytes) -> Result<Response, ShopFailure> {
    let who: Who = field::parse(&body)?;
    Ok(Json(json!({"invoice": shop.billing.refund(&who.customer_key, Share::Half)?})).into_response())
}

pub(super) async fn post_dispute(State(shop): State<Shop>, body: Bytes) -> Result<Response, ShopFailure> {
    let who: Who = field::parse(&body)?;
    Ok(Json(json!({"invoice": shop.billing.dispute(&who.customer_key)?})).into_response())
}

pub(super) async fn post_win(State(shop): State<Shop>, body: Bytes) -> Result<Response, ShopFailure> {
    let who: Who = field::parse(&body)?;
    Ok(Json(json!({"invoice": shop.billing.win(&who.customer_key)?})).into_response())
}

pub(super) async fn post_cancel(State(shop): State<Shop>, body: Bytes) -> Result<Response, ShopFailure> {
    let who: Who = field::parse(&body)?;
    Ok(Json(json!({"subscription": shop.billing.cancel(&who.customer_key)?})).into_response())
}

pub(super) async fn get_journey(State(shop): State<Shop>, Query(who): Query<Who>) -> Json<Journey> {
    let member = shop.site.member(&who.customer_key);
    Json(journey::read(&shop.loaded, &who.customer_key, member.as_ref()).await)
}

pub(super) async fn get_partner_view(
    State(shop): State<Shop>,
    Query(who): Query<Who>,
) -> Json<PartnerJourney> {
    Json(journey::read_partner_view(&shop.loaded, &who.customer_key).await)
}
