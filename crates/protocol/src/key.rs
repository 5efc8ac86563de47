//! Keys: the identifiers of objects on the wire. A key is public; a secret never is.

use crate::Millis;
use crate::referral::{CLICK_MARK, CLICK_TIME, click_order};

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
    /// `inv_`
    Invoice,
    /// `pout_`
    Payout,
    /// `grup_`
    Group,
    /// `stck_`
    Member,
    /// `trig_`
    Trigger,
    /// `whk_`
    Webhook,
    /// `msg_`: an event on its way to a webhook.
    Delivery,
    /// `note_`: a message to a partner.
    Message,
    /// `link_`
    Link,
    /// `clck_`
    Click,
    /// `stag_`
    Stage,
    /// `form_`
    FormTemplate,
    /// `file_`
    DealFile,
    /// `appl_`
    Application,
    /// `tier_`
    Tier,
    /// `tcol_`
    TiersCollection,
    /// `team_`
    Team,
    /// `pk_`: 32 characters follow; names a program, public.
    PublicKey,
    /// `sk_`: 32 characters follow; secret.
    SecretKey,
    /// `rk_`: the secret of a pair that reads and changes nothing.
    ReadKey,
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
            Self::Invoice => "inv_",
            Self::Payout => "pout_",
            Self::Group => "grup_",
            Self::Member => "stck_",
            Self::Trigger => "trig_",
            Self::Webhook => "whk_",
            Self::Delivery => "msg_",
            Self::Message => "note_",
            Self::Link => "link_",
            Self::Click => "clck_",
            Self::Stage => "stag_",
            Self::FormTemplate => "form_",
            Self::DealFile => "file_",
            Self::Application => "appl_",
            Self::Tier => "tier_",
            Self::TiersCollection => "tcol_",
            Self::Team => "team_",
            Self::PublicKey => "pk_",
            Self::SecretKey => "sk_",
            Self::ReadKey => "rk_",
            Self::TrackingToken => "trk_",
            Self::PartnerToken => "pat_",
            Self::AdminToken => "adm_",
        }
    }

    /// Makes an object's key: when it was made, in milliseconds, and 77 random bits. Keys sort by their time, so an index
    /// of them grows at its end. With random keys each row would change another page of the index, and each changed page
    /// goes through the write-ahead log.
    pub fn mint(self, now: Millis, random: &[u8; 32]) -> String {
        format!("{}{}{}", self.text(), time_text(now), base62(random, RANDOM))
    }

    /// Makes a credential from 190 random bits.
    pub fn mint_credential(self, random: &[u8; 32]) -> String {
        format!("{}{}", self.text(), base62(random, CREDENTIAL))
    }

    /// Makes a test credential, `pk_test_…` or `sk_test_…`, so that nobody takes it for one of production.
    pub fn mint_test_credential(self, random: &[u8; 32]) -> String {
        format!("{}test_{}", self.text(), base62(random, CREDENTIAL - 5))
    }

    /// Whether `text` is a key of this kind by its form: prefix, then letters and digits.
    pub fn matches(self, text: &str) -> bool {
        text.strip_prefix(self.text()).is_some_and(|rest| {
            !rest.is_empty() && rest.len() <= 64 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
    }
}

/// Makes a click id: 14 of `[A-Za-z0-9]` (browser.md section 3), which sort by time (trust.md section 2): the
/// milliseconds, [`CLICK_MARK`], and five random letters.
///
/// Five random letters are enough: ids can collide only within one millisecond, and there are 9·10⁸ for each. At 100
/// clicks a second that happens once in six years, and the unique constraint then refuses the second. The ids are no
/// secret: naming the click of another visitor only credits that click's partner.
pub fn mint_click_id(now: Millis, random: &[u8; 32]) -> String {
    format!("{}{CLICK_MARK}{}", time_text(now), base62(random, 5))
}

/// The milliseconds as digits that sort as the times do, until 2081.
fn time_text(now: Millis) -> String {
    let mut left = now.0.max(0);
    let mut digits = [ALPHABET[0]; CLICK_TIME];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[usize::try_from(left % 62).unwrap_or_default()];
        left /= 62;
    }
    digits.map(char::from).into_iter().collect()
}

/// When a click happened, read from its id; `None` for an id of another system, which contains no time.
pub fn click_time(xid: &str) -> Option<Millis> {
    if click_order(xid.as_bytes()) == 0 {
        return None;
    }
    let millis = xid.bytes().take(CLICK_TIME).try_fold(0, |millis, digit| {
        let digit = ALPHABET.iter().position(|known| *known == digit)?;
        Some(millis * 62 + i64::try_from(digit).ok()?)
    });
    millis.map(Millis)
}

/// Makes a partner key: 12 characters, so that its base64 needs no padding (api.md section 5).
pub fn mint_partner_key(random: &[u8; 32]) -> String {
    base62(random, 12)
}

/// Makes the fixed 8-character company key that cookie names carry (browser.md section 4).
pub fn mint_company_key(random: &[u8; 32]) -> String {
    base62(random, 8)
}

/// Random characters of an object's key, after those of its time.
const RANDOM: usize = 13;
/// Characters of a credential after its prefix.
const CREDENTIAL: usize = 32;

/// In ASCII order, so that texts of equal length sort as the numbers that they stand for.
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// `length` of 62 characters, one for each random byte. The bias (256 is no multiple of 62) costs under
/// 0.02 bits a character.
fn base62(random: &[u8; 32], length: usize) -> String {
    random.iter().take(length).map(|byte| ALPHABET[usize::from(*byte) % 62] as char).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Prefix, click_time, mint_click_id, mint_partner_key};
    use crate::Millis;
    use crate::referral::{click_order, is_click_id};

    #[test]
    fn a_key_has_its_prefix_and_length() {
        let random: [u8; 32] = std::array::from_fn(|at| u8::try_from(at * 7).unwrap());
        let customer = Prefix::Customer.mint(Millis(1_795_281_600_000), &random);
        assert_eq!(customer.len(), "cus_".len() + 20);
        assert_eq!(Prefix::SecretKey.mint_credential(&random).len(), "sk_".len() + 32);
        assert!(Prefix::PublicKey.mint_test_credential(&random).starts_with("pk_test_"));
        assert!(Prefix::Customer.matches(&customer));
        assert!(!Prefix::Customer.matches("cus_a b"));
        let encoded = crate::referral::encode_partner_key(&mint_partner_key(&random));
        assert!(!encoded.contains(['=', '/', '+']), "{encoded}");
    }

    #[test]
    fn keys_sort_as_they_were_made() {
        let at = |now| Prefix::Reward.mint(Millis(now), &[7; 32]);
        let mut keys: Vec<_> = [0, 1, 61, 62, 3_843, 1_795_281_600_000, 1_795_281_600_001].map(at).into();
        let made = keys.clone();
        keys.sort();
        assert_eq!(keys, made);
    }

    #[test]
    fn a_click_id_says_when_it_was() {
        let id = mint_click_id(Millis(1_795_281_600_000), &[7; 32]);
        assert_eq!(id, "Vbd4dSihw77777");
        assert_eq!(click_time(&id), Some(Millis(1_795_281_600_000)));
    }

    #[test]
    fn a_click_id_of_another_system_has_no_time() {
        for foreign in [
            "abcDEF123456",
            "bcdEFG12345678",
            "Vbd4dSihw777",
            "",
            "ééééééé",
            "Vbd4dShw777777",
            "Vbd4dSihw7777777",
        ] {
            assert_eq!((click_time(foreign), click_order(foreign.as_bytes())), (None, 0), "{foreign}");
        }
    }

    proptest! {
        #[test]
        fn click_ids_sort_by_time(
            a in 0_i64..3_521_614_606_208, b in 0_i64..3_521_614_606_208, random: [u8; 32], other: [u8; 32],
        ) {
            let (first, second) = (mint_click_id(Millis(a), &random), mint_click_id(Millis(b), &other));
            prop_assert!(is_click_id(first.as_bytes()));
            prop_assert_eq!(click_time(&first), Some(Millis(a)));
            prop_assert!(a == b || (a < b) == (click_order(first.as_bytes()) < click_order(second.as_bytes())));
        }
    }
}
