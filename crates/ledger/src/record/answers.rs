//! Answers to forms, and other objects that are stored as they are given: their bounds.

use headwater_protocol::FieldError;
use headwater_protocol::field::check_length;
use headwater_protocol::limits::{FORM_ANSWER_MAX, FORM_FIELDS_MAX, META_MAX, NAME_MAX};
use headwater_protocol::v2::{FormAnswers, FormValue};
use serde_json::{Map, Value};

/// Checks how many fields there are.
pub(crate) fn check_count(count: usize) -> Result<(), FieldError> {
    if count <= FORM_FIELDS_MAX {
        return Ok(());
    }
    let message = format!("fields must have at most {FORM_FIELDS_MAX} entries, got {count}");
    Err(FieldError::new("out_of_range", "fields", message))
}

/// The answers that a body gives, in their bounds.
pub(crate) fn read(given: Option<FormAnswers>) -> Result<Vec<FormValue>, FieldError> {
    let answers: Vec<FormValue> = match given {
        None => Vec::new(),
        Some(FormAnswers::ByName(answers)) => {
            answers.into_iter().map(|(api_name, value)| FormValue { api_name, value }).collect()
        }
        Some(FormAnswers::Listed(answers)) => {
            let named = answers.into_iter().enumerate().map(|(at, answer)| {
                let name = answer.api_name.or(answer.key).or(answer.name);
                let api_name = name.ok_or_else(|| FieldError::required(&format!("fields[{at}].api_name")))?;
                Ok(FormValue { api_name, value: answer.value })
            });
            named.collect::<Result<_, FieldError>>()?
        }
    };
    check_count(answers.len())?;
    for FormValue { api_name, value } in &answers {
        check_length("fields", api_name, 1, NAME_MAX)?;
        check_length(&format!("fields.{api_name}"), &value.to_string(), 0, FORM_ANSWER_MAX)?;
    }
    Ok(answers)
}

/// Checks the size of a `meta`.
pub(crate) fn check_meta(meta: Option<&Map<String, Value>>) -> Result<(), FieldError> {
    check_object("meta", meta)
}

/// Checks the size of an object that is stored as it is given.
pub(crate) fn check_object(field: &str, meta: Option<&Map<String, Value>>) -> Result<(), FieldError> {
    let length = meta.map_or(0, |meta| serde_json::to_string(meta).map_or(0, |text| text.len()));
    if length <= META_MAX {
        return Ok(());
    }
    let message = format!("{field} must have at most {META_MAX} bytes as JSON, got {length}");
    Err(FieldError::new("out_of_range", field, message))
}
