//! A command that adds a tax of 15 %: POST {"id":"1","value":100} answers {"id":"1","total":115.00}.

mod json;

use std::io::{Read, Write};

const TAX_PERCENT: i128 = 15;

/// Cents are counted in whole numbers; this bounds them well below what an i128 holds.
const MAX_DIGITS: usize = 18;

fn main() -> std::io::Result<()> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let (status, allow, body) = answer(&text);
    let mut envelope = format!("{{\"status\":{status},\"headers\":{{\"Content-Type\":[\"application/json\"]{allow}}},\"body\":");
    json::put_string(&mut envelope, &body);
    envelope.push('}');
    std::io::stdout().write_all(envelope.as_bytes())
}

fn answer(envelope: &str) -> (u16, &'static str, String) {
    let Some(request) = json::parse(envelope) else {
        return (500, "", error("the request envelope is no JSON"));
    };
    if request.member("method").and_then(|method| method.text()) != Some("POST") {
        return (405, ",\"Allow\":[\"POST\"]", error("the method is not POST"));
    }
    match request.member("body").and_then(|body| body.text()).and_then(total) {
        Some(body) => (200, "", body),
        None => (400, "", error("expected {\"id\": a string, \"value\": a number with at most two decimals}")),
    }
}

fn total(body: &str) -> Option<String> {
    let order = json::parse(body)?;
    let id = order.member("id")?.text()?;
    let json::Value::Number(value) = order.member("value")? else {
        return None;
    };
    // Hundredths of a cent, so that the tax of a cent is still whole; rounded half away from zero.
    let taxed = cents(value)? * (100 + TAX_PERCENT);
    let rounded = (taxed.abs() + 50) / 100;
    let sign = if taxed < 0 && rounded > 0 { "-" } else { "" };
    let mut out = String::from("{\"id\":");
    json::put_string(&mut out, id);
    out.push_str(&format!(",\"total\":{sign}{}.{:02}}}", rounded / 100, rounded % 100));
    Some(out)
}

/// The cents of a plain decimal number with at most two decimals.
fn cents(number: &str) -> Option<i128> {
    let (negative, digits) = match number.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, number),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.len() > MAX_DIGITS || fraction.len() > 2 {
        return None;
    }
    let cents: i128 = format!("{whole}{fraction:0<2}").parse().ok()?;
    Some(if negative { -cents } else { cents })
}

fn error(message: &str) -> String {
    let mut out = String::from("{\"error\":");
    json::put_string(&mut out, message);
    out.push('}');
    out
}
