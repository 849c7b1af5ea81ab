// Benchmark kernel, a real Rust program: counts words, sorts and formats them, parses numbers out of JSON. Reads how often from stdin.
use std::collections::{BTreeMap, HashMap};
use std::io::Read;

const TEXT: &str = "the quick brown fox jumps over the lazy dog and the dog sleeps while a fox in the field waits for \
    another quick dog that never jumps over anything at all because the field is far too wide for it";

const JSON: &str = r#"{"items":[{"id":17,"price":100.25,"tags":["a","b"]},{"id":18,"price":-3.5e2,"tags":[]},
    {"id":19,"price":42,"tags":["long tag with spaces","c"]}],"total":3,"next":null,"open":true}"#;

fn words(round: u32) -> String {
    let mut counts: HashMap<String, u32> = HashMap::new();
    for word in TEXT.split_whitespace() {
        *counts.entry(word.to_uppercase()).or_insert(round & 1) += 1;
    }
    let mut sorted: Vec<_> = counts.into_iter().collect();
    sorted.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    sorted.iter().map(|(word, count)| format!("{word}={count}")).collect::<Vec<_>>().join(",")
}

fn numbers(text: &str) -> BTreeMap<usize, f64> {
    let bytes = text.as_bytes();
    let mut found = BTreeMap::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        while at < bytes.len() && matches!(bytes[at], b'0'..=b'9' | b'-' | b'.' | b'e') {
            at += 1;
        }
        if let Ok(number) = text[start..at].parse() {
            found.insert(start, number);
        }
        at += usize::from(at == start);
    }
    found
}

fn main() {
    let mut input = String::new();
    std::io::stdin().read_to_string(&mut input).unwrap();
    let rounds: u32 = input.trim().parse().unwrap();
    let mut checksum = 0u32;
    for round in 0..rounds {
        for byte in words(round).bytes() {
            checksum = checksum.wrapping_mul(31).wrapping_add(u32::from(byte));
        }
        checksum = checksum.wrapping_add(numbers(JSON).values().sum::<f64>() as i64 as u32);
    }
    println!("{checksum:08x}");
}
