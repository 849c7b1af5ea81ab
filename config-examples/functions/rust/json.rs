//! The little of JSON that a function needs: a strict reader into a tree, and strings written with their escapes.

use std::iter::Peekable;
use std::str::Chars;

/// Values nest no deeper than this: a deeper one would only exhaust the stack.
const MAX_DEPTH: usize = 64;

#[derive(Debug)]
pub enum Value {
    Null,
    Bool,
    Number(String),
    String(String),
    Array,
    Object(Vec<(String, Value)>),
}

impl Value {
    pub fn member(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Object(members) => members.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    pub fn text(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }
}

/// Reads one value and nothing after it; None when the text is no JSON.
pub fn parse(text: &str) -> Option<Value> {
    let mut chars = text.chars().peekable();
    let value = value(&mut chars, 0)?;
    skip_space(&mut chars);
    chars.next().is_none().then_some(value)
}

fn value(chars: &mut Peekable<Chars>, depth: usize) -> Option<Value> {
    if depth > MAX_DEPTH {
        return None;
    }
    skip_space(chars);
    match chars.peek()? {
        '"' => string(chars).map(Value::String),
        '{' => object(chars, depth),
        '[' => array(chars, depth),
        't' => word(chars, "true").map(|()| Value::Bool),
        'f' => word(chars, "false").map(|()| Value::Bool),
        'n' => word(chars, "null").map(|()| Value::Null),
        _ => number(chars).map(Value::Number),
    }
}

fn object(chars: &mut Peekable<Chars>, depth: usize) -> Option<Value> {
    chars.next();
    let mut members = Vec::new();
    if accept(chars, '}') {
        return Some(Value::Object(members));
    }
    loop {
        skip_space(chars);
        let name = string(chars)?;
        accept(chars, ':').then_some(())?;
        members.push((name, value(chars, depth + 1)?));
        if accept(chars, '}') {
            return Some(Value::Object(members));
        }
        accept(chars, ',').then_some(())?;
    }
}

fn array(chars: &mut Peekable<Chars>, depth: usize) -> Option<Value> {
    chars.next();
    if accept(chars, ']') {
        return Some(Value::Array);
    }
    loop {
        value(chars, depth + 1)?;
        if accept(chars, ']') {
            return Some(Value::Array);
        }
        accept(chars, ',').then_some(())?;
    }
}

fn string(chars: &mut Peekable<Chars>) -> Option<String> {
    (chars.next()? == '"').then_some(())?;
    let mut text = String::new();
    loop {
        match chars.next()? {
            '"' => return Some(text),
            '\\' => text.push(escape(chars)?),
            plain if plain >= ' ' => text.push(plain),
            _ => return None,
        }
    }
}

fn escape(chars: &mut Peekable<Chars>) -> Option<char> {
    Some(match chars.next()? {
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => {
            let first = hex4(chars)?;
            if (0xd800..0xdc00).contains(&first) {
                (chars.next()? == '\\' && chars.next()? == 'u').then_some(())?;
                let second = hex4(chars)?;
                (0xdc00..0xe000).contains(&second).then_some(())?;
                char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))?
            } else {
                char::from_u32(first)?
            }
        }
        same @ ('"' | '\\' | '/') => same,
        _ => return None,
    })
}

fn hex4(chars: &mut Peekable<Chars>) -> Option<u32> {
    let mut value = 0;
    for _ in 0..4 {
        value = value << 4 | chars.next()?.to_digit(16)?;
    }
    Some(value)
}

/// A number as it was written; the caller decides what it means.
fn number(chars: &mut Peekable<Chars>) -> Option<String> {
    let mut text = String::new();
    take(chars, &mut text, '-');
    if !take(chars, &mut text, '0') {
        digits(chars, &mut text)?;
    }
    if take(chars, &mut text, '.') {
        digits(chars, &mut text)?;
    }
    if take(chars, &mut text, 'e') || take(chars, &mut text, 'E') {
        if !take(chars, &mut text, '+') {
            take(chars, &mut text, '-');
        }
        digits(chars, &mut text)?;
    }
    Some(text)
}

fn digits(chars: &mut Peekable<Chars>, text: &mut String) -> Option<()> {
    let before = text.len();
    while let Some(digit) = chars.next_if(char::is_ascii_digit) {
        text.push(digit);
    }
    (text.len() > before).then_some(())
}

fn take(chars: &mut Peekable<Chars>, text: &mut String, wanted: char) -> bool {
    let taken = chars.next_if_eq(&wanted);
    text.extend(taken);
    taken.is_some()
}

fn word(chars: &mut Peekable<Chars>, word: &str) -> Option<()> {
    word.chars().all(|wanted| chars.next() == Some(wanted)).then_some(())
}

fn accept(chars: &mut Peekable<Chars>, wanted: char) -> bool {
    skip_space(chars);
    chars.next_if_eq(&wanted).is_some()
}

fn skip_space(chars: &mut Peekable<Chars>) {
    while chars.next_if(|next| matches!(next, ' ' | '\n' | '\r' | '\t')).is_some() {}
}

/// Appends a string with its quotation marks.
pub fn put_string(out: &mut String, text: &str) {
    out.push('"');
    for next in text.chars() {
        match next {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            control if control < ' ' => out.push_str(&format!("\\u{:04x}", control as u32)),
            plain => out.push(plain),
        }
    }
    out.push('"');
}
