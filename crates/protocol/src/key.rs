//! Keys: what objects are called on the wire. A key is public; a secret never is.

/// The prefix of an object's key (api.md section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Prefix {
    /// `cus_`
    Customer,
    /// `part_`
    Partnership,
    /// `prod_`
    Product,
    /// `pbook_`
    ProductBook,
    /// `tran_`
    Transaction,
    /// `act_`
    Action,
    /// `rwrd_`
    Reward,
    /// `deal_`
    Deal,
    /// `lead_`
    Lead,
    /// `grup_`
    Group,
    /// `stck_`
    Member,
    /// `trig_`
    Trigger,
    /// `whk_`
    Webhook,
    /// `link_`
    Link,
    /// `clck_`
    Click,
    /// `pk_`: 32 characters follow; names a program, public.
    PublicKey,
    /// `sk_`: 32 characters follow; secret.
    SecretKey,
    /// `trk_`: the conversion API's token; secret.
    TrackingToken,
    /// `pat_`: a partner's own API token; secret.
    PartnerToken,
    /// `adm_`: the program administrator's token; secret.
    AdminToken,
}

impl Prefix {
    /// The text before the random part, with its underscore.
    pub fn text(self) -> &'static str {
        match self {
            Self::Customer => "cus_",
            Self::Partnership => "part_",
            Self::Product => "prod_",
            Self::ProductBook => "pbook_",
            Self::Transaction => "tran_",
            Self::Action => "act_",
            Self::Reward => "rwrd_",
            Self::Deal => "deal_",
            Self::Lead => "lead_",
            Self::Group => "grup_",
            Self::Member => "stck_",
            Self::Trigger => "trig_",
            Self::Webhook => "whk_",
            Self::Link => "link_",
            Self::Click => "clck_",
            Self::PublicKey => "pk_",
            Self::SecretKey => "sk_",
            Self::TrackingToken => "trk_",
            Self::PartnerToken => "pat_",
            Self::AdminToken => "adm_",
        }
    }

    /// Characters after the prefix: 32 for credentials, 14 for objects, as in the vendor's own examples.
    fn length(self) -> usize {
        match self {
            Self::PublicKey
            | Self::SecretKey
            | Self::TrackingToken
            | Self::PartnerToken
            | Self::AdminToken => 32,
            _ => 14,
        }
    }

    /// Makes a key from random bytes: 83 bits for objects, 190 for credentials.
    pub fn mint(self, random: &[u8; 32]) -> String {
        format!("{}{}", self.text(), base62(random, self.length()))
    }

    /// Makes a test credential: `pk_test_…` and `sk_test_…`, so that nobody mistakes one for the other.
    pub fn mint_test(self, random: &[u8; 32]) -> String {
        format!("{}test_{}", self.text(), base62(random, self.length() - 5))
    }

    /// Whether `text` is a key of this kind by its form: prefix, then letters and digits.
    pub fn matches(self, text: &str) -> bool {
        text.strip_prefix(self.text()).is_some_and(|rest| {
            !rest.is_empty() && rest.len() <= 64 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
    }
}

/// Makes a click id: 14 of `[A-Za-z0-9]` (browser.md section 3).
pub fn mint_click_id(random: &[u8; 32]) -> String {
    base62(random, 14)
}

/// Makes a partner key: 12 characters, so that its base64 needs no padding (api.md section 5).
pub fn mint_partner_key(random: &[u8; 32]) -> String {
    base62(random, 12)
}

/// Makes the fixed 8-character company key that cookie names carry (browser.md section 4).
pub fn mint_company_key(random: &[u8; 32]) -> String {
    base62(random, 8)
}

/// `length` of 62 characters, one for each random byte. The bias (256 is no multiple of 62) costs under
/// 0.02 bits a character.
fn base62(random: &[u8; 32], length: usize) -> String {
    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    random.iter().take(length).map(|byte| ALPHABET[usize::from(*byte) % 62] as char).collect()
}

#[cfg(test)]
mod tests {
    use super::{Prefix, mint_click_id, mint_partner_key};

    #[test]
    fn a_key_has_its_prefix_and_length() {
        let random: [u8; 32] = std::array::from_fn(|at| u8::try_from(at * 7).unwrap());
        assert_eq!(Prefix::Customer.mint(&random).len(), "cus_".len() + 14);
        assert_eq!(Prefix::SecretKey.mint(&random).len(), "sk_".len() + 32);
        assert!(Prefix::PublicKey.mint_test(&random).starts_with("pk_test_"));
        assert!(Prefix::Customer.matches(&Prefix::Customer.mint(&random)));
        assert!(!Prefix::Customer.matches("cus_a b"));
        assert!(crate::referral::is_click_id(&mint_click_id(&random)));
        let encoded = crate::referral::encode_partner_key(&mint_partner_key(&random));
        assert!(!encoded.contains(['=', '/', '+']), "{encoded}");
    }
}
