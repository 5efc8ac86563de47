//! What a claim may do (trust.md section 1), and who is credited (section 2). Everybody holds the public key, so
//! whatever comes with it is a claim: it may add what nobody has said yet, and never changes what is stored.

use headwater_protocol::Source;
use headwater_protocol::v2::{ProductClaims, SignupClaims, TriggerEvent};

/// What a new statement of a fact does to the stored one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// The stored fact and its source stay.
    Keep,
    /// Both agree; the new source is stored as the fact's source.
    Confirm,
    /// The new statement replaces the stored fact.
    Replace,
}

/// Decides between a stored fact of the source `known` and a new statement of the source `stated_by`; `same` if they
/// agree.
///
/// A source replaces what a less trusted one said. Billing and vendor also replace what they said before; a page and a
/// signed page do not, because another page may have said it.
pub fn resolve(known: Option<Source>, same: bool, stated_by: Source) -> Resolution {
    let Some(known) = known else { return Resolution::Replace };
    let outranks = stated_by > known || (stated_by == known && stated_by >= Source::Billing);
    match (outranks, same) {
        (false, _) => Resolution::Keep,
        (true, true) => Resolution::Confirm,
        (true, false) => Resolution::Replace,
    }
}

/// Which facts behind a reward are only a page's claim.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Claims {
    /// That the customer exists.
    pub customer: bool,
    /// Who referred the customer: pages have named two partners, and nobody else has named one.
    pub contested: bool,
    /// Which catalogue entry the product is.
    pub product: bool,
}

/// Why a reward is on `hold` until a more trusted source confirms or corrects a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// Pages named two partners for one customer.
    CreditContested,
    /// Only a page has reported the signup.
    CustomerClaimed,
    /// Only a page has named the product.
    ProductClaimed,
}

impl Hold {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::CreditContested, Self::CustomerClaimed, Self::ProductClaimed];

    /// The reward's `reason`.
    pub fn reason(self) -> &'static str {
        match self {
            Self::CreditContested => "credit_contested",
            Self::CustomerClaimed => "customer_claimed_by_page",
            Self::ProductClaimed => "product_claimed_by_page",
        }
    }
}

/// Why a reward has to be held, if it has to be. `asks_products` says whether the trigger's rules read products: if
/// they do not, a claimed product cannot have caused the reward.
pub fn hold(
    event: TriggerEvent,
    asks_products: bool,
    claims: Claims,
    (signups, products): (SignupClaims, ProductClaims),
) -> Option<Hold> {
    let for_signup = event == TriggerEvent::CustomerCreated;
    if claims.contested {
        Some(Hold::CreditContested)
    } else if claims.customer && for_signup && signups == SignupClaims::Hold {
        Some(Hold::CustomerClaimed)
    } else if claims.product && asks_products && products == ProductClaims::Hold {
        Some(Hold::ProductClaimed)
    } else {
        None
    }
}

/// Who is credited with a signup: the partner the page itself wrote, else the one of the recorded click, else the
/// one whose key came along (trust.md section 2).
pub fn credited<P>(written: Option<P>, of_click: Option<P>, of_key: Option<P>) -> Option<P> {
    written.or(of_click).or(of_key)
}

#[cfg(test)]
mod tests {
    use super::{Claims, Hold, Resolution, credited, hold, resolve};
    use headwater_protocol::Source;
    use headwater_protocol::v2::{ProductClaims, SignupClaims, TriggerEvent};

    #[test]
    fn a_page_says_what_nobody_has_said_and_changes_nothing() {
        assert_eq!(resolve(None, false, Source::Page), Resolution::Replace);
        for known in Source::ALL {
            assert_eq!(resolve(Some(known), false, Source::Page), Resolution::Keep, "{known:?}");
            assert_eq!(resolve(Some(known), true, Source::Page), Resolution::Keep, "{known:?}");
        }
    }

    #[test]
    fn a_more_trusted_source_confirms_or_replaces() {
        for (at, known) in Source::ALL.into_iter().enumerate() {
            for says in Source::ALL.into_iter().skip(at + 1) {
                assert_eq!(resolve(Some(known), true, says), Resolution::Confirm, "{says:?} over {known:?}");
                assert_eq!(resolve(Some(known), false, says), Resolution::Replace, "{says:?} over {known:?}");
                assert_eq!(resolve(Some(says), false, known), Resolution::Keep, "{known:?} over {says:?}");
            }
        }
    }

    #[test]
    fn a_second_signed_page_changes_nothing_and_a_provider_corrects_itself() {
        assert_eq!(resolve(Some(Source::Signed), false, Source::Signed), Resolution::Keep);
        assert_eq!(resolve(Some(Source::Billing), false, Source::Billing), Resolution::Replace);
        assert_eq!(resolve(Some(Source::Vendor), false, Source::Vendor), Resolution::Replace);
    }

    #[test]
    fn a_reward_waits_for_what_it_rests_on_and_for_nothing_else() {
        let policy = (SignupClaims::Hold, ProductClaims::Hold);
        let (signup, payment) = (TriggerEvent::CustomerCreated, TriggerEvent::TransactionCreated);
        let none = Claims::default();
        let (customer, contested, product) = (
            Claims { customer: true, ..none },
            Claims { contested: true, ..none },
            Claims { product: true, ..none },
        );
        assert_eq!(hold(signup, false, none, policy), None);
        assert_eq!(hold(signup, false, customer, policy), Some(Hold::CustomerClaimed));
        assert_eq!(hold(payment, false, customer, policy), None, "a payment names the customer");
        assert_eq!(hold(payment, true, product, policy), Some(Hold::ProductClaimed));
        assert_eq!(hold(payment, false, product, policy), None, "the trigger did not ask");
        for event in [signup, payment] {
            assert_eq!(hold(event, false, contested, policy), Some(Hold::CreditContested));
        }
        let accept = (SignupClaims::Accept, ProductClaims::Accept);
        assert_eq!(hold(signup, false, customer, accept), None);
        assert_eq!(hold(payment, true, product, accept), None);
    }

    #[test]
    fn each_reason_is_called_as_clients_know_it() {
        let names = ["credit_contested", "customer_claimed_by_page", "product_claimed_by_page"];
        assert_eq!(Hold::ALL.map(Hold::reason), names);
    }

    #[test]
    fn the_page_is_obeyed_before_the_click_and_the_click_before_the_key() {
        assert_eq!(credited(Some("page"), Some("click"), Some("key")), Some("page"));
        assert_eq!(credited(None, Some("click"), Some("key")), Some("click"));
        assert_eq!(credited(None, None, Some("key")), Some("key"));
        assert_eq!(credited::<&str>(None, None, None), None);
    }
}
