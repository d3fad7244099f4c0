use serde_json::json;
use worker::{Response, Result, console_error};

/// A refusal, with a stable code.
pub struct Problem {
    pub status: u16,
    pub code: String,
    pub errors: Vec<(String, &'static str)>,
}

impl Problem {
    pub fn new(status: u16, code: impl Into<String>) -> Problem {
        Problem { status, code: code.into(), errors: Vec::new() }
    }

    pub fn invalid(field: &str, code: &'static str) -> Problem {
        Problem { errors: vec![(field.to_owned(), code)], ..Problem::new(422, "invalid") }
    }

    pub fn answer(&self, request_id: &str) -> Result<Response> {
        let errors: Vec<_> = self.errors.iter().map(|(field, code)| json!({"field": field, "code": code})).collect();
        let problem = json!({"type": "about:blank", "title": self.code, "status": self.status, "detail": self.code,
            "code": self.code, "request_id": request_id, "errors": errors});
        let mut answer = Response::from_json(&problem)?.with_status(self.status);
        answer.headers_mut().set("content-type", "application/problem+json")?;
        Ok(answer)
    }
}

impl From<worker::Error> for Problem {
    fn from(error: worker::Error) -> Problem {
        console_error!("{error}");
        Problem::new(500, "internal")
    }
}

impl From<validator::ValidationErrors> for Problem {
    fn from(errors: validator::ValidationErrors) -> Problem {
        let errors = errors.field_errors().into_keys().map(|field| (field.to_string(), "invalid")).collect();
        Problem { errors, ..Problem::new(422, "invalid") }
    }
}

impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Problem {
        match error.is_data() {
            true => Problem::invalid("", "wrong_type"),
            false => Problem::new(400, "malformed_json"),
        }
    }
}
