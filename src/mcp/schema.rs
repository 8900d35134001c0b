//! What tools take and give, as JSON Schema: short, and without what clients stumble over.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// The schema of a tool's arguments, and what its type says of the tool itself.
pub fn of_arguments<T: JsonSchema>() -> (Map<String, Value>, String) {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    plain(&mut schema);
    let Value::Object(mut schema) = schema else { unreachable!("arguments are an object") };
    schema.remove("title");
    schema.entry("properties").or_insert_with(|| json!({}));
    let told = schema.remove("description");
    (schema, told.and_then(|it| it.as_str().map(one_line)).unwrap_or_default())
}

/// The schema of what a tool returns: its view's JSON with what there is to say of it.
pub fn of_result<T: JsonSchema>() -> Map<String, Value> {
    let mut settings = SchemaSettings::draft2020_12().for_serialize();
    settings.meta_schema = None;
    let mut generator = settings.into_generator();
    let mut result = generator.subschema_for::<T>().to_value();
    let mut defs = Value::Object(generator.take_definitions(true));
    short(&mut result);
    short(&mut defs);
    let simple = simple_ones(&mut defs);
    spelled_out(&mut result, &simple);
    spelled_out(&mut defs, &simple);
    let schema = json!({
        "type": "object",
        "properties": {
            "notice": { "type": "string" },
            "notes": { "type": "array", "items": { "type": "string" } },
            "result": result,
        },
        "required": ["result"],
        "$defs": defs,
    });
    let Value::Object(schema) = schema else { unreachable!("just written as an object") };
    schema
}

/// Line ends of a comment are those of its source.
fn one_line(text: &str) -> String {
    text.split("\n\n").map(|part| part.replace('\n', " ")).collect::<Vec<_>>().join("\n")
}

/// What may be left out is not described as null, and numbers have no width: both mean nothing to a
/// model, and some clients refuse them.
fn plain(schema: &mut Value) {
    let Value::Object(map) = schema else {
        if let Value::Array(list) = schema {
            list.iter_mut().for_each(plain);
        }
        return;
    };
    map.remove("format");
    map.remove("default");
    if let Some(Value::Array(types)) = map.get_mut("type") {
        types.retain(|it| it != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            map.insert("type".to_owned(), one);
        }
    }
    if let Some(Value::Array(choices)) = map.get_mut("anyOf") {
        choices.retain(|it| it["type"] != "null");
        if let [Value::Object(one)] = choices.as_slice() {
            let one = one.clone();
            map.remove("anyOf");
            for (key, value) in one {
                map.entry(key).or_insert(value);
            }
        }
    }
    if let Some(Value::Array(words)) = map.get_mut("enum") {
        words.retain(|it| !it.is_null());
    }
    words(map);
    for (key, value) in map.iter_mut() {
        if let (true, Some(text)) = (key == "description", value.as_str()) {
            *value = one_line(text).into();
        }
        plain(value);
    }
}

/// A choice of words, each described, as an `enum` with one description.
fn words(map: &mut Map<String, Value>) {
    let Some(Value::Array(choices)) = map.get("oneOf") else { return };
    if choices.iter().any(|it| it["type"] != "string") {
        return;
    }
    let mut listed = Vec::new();
    let mut told = Vec::new();
    for choice in choices {
        let mut names: Vec<&Value> = choice["enum"].as_array().into_iter().flatten().collect();
        names.extend(choice.get("const"));
        if let ([name], Some(text)) = (names.as_slice(), choice["description"].as_str()) {
            let name = name.as_str().unwrap_or_default();
            told.push(format!("{name}: {}", begun_small(one_line(text).trim_end_matches('.'))));
        }
        listed.extend(names.into_iter().cloned());
    }
    let own = map.get("description").and_then(Value::as_str).unwrap_or_default();
    let own = one_line(own);
    if !told.is_empty() {
        let text = format!("{} ({})", own.trim_end_matches('.'), told.join("; "));
        map.insert("description".to_owned(), text.into());
    }
    map.remove("oneOf");
    map.insert("type".to_owned(), "string".into());
    map.insert("enum".to_owned(), listed.into());
}

/// Behind a colon.
fn begun_small(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

/// Takes out the types that are a word or a number: to refer to them takes more than to write them.
fn simple_ones(defs: &mut Value) -> Map<String, Value> {
    let Value::Object(defs) = defs else { return Map::new() };
    let mut simple = Map::new();
    defs.retain(|name, schema| {
        if let Value::Object(map) = schema {
            words(map);
        }
        let is_simple = schema["type"].is_string() && schema.get("properties").is_none();
        if is_simple {
            simple.insert(name.clone(), schema.clone());
        }
        !is_simple
    });
    simple
}

/// Writes them where they are referred to.
fn spelled_out(schema: &mut Value, simple: &Map<String, Value>) {
    let name = schema["$ref"].as_str().and_then(|it| it.strip_prefix("#/$defs/"));
    if let Some(found) = name.and_then(|name| simple.get(name)) {
        *schema = found.clone();
        return;
    }
    match schema {
        Value::Array(list) => list.iter_mut().for_each(|it| spelled_out(it, simple)),
        Value::Object(map) => map.values_mut().for_each(|it| spelled_out(it, simple)),
        _ => {}
    }
}

/// What may be null as a choice of two: some clients do not know that `type` may be a list.
fn of_one_type(map: &mut Map<String, Value>) {
    let Some([of, Value::String(null)]) =
        map.get("type").and_then(Value::as_array).map(Vec::as_slice)
    else {
        return;
    };
    if null == "null" {
        let of = of.clone();
        map.insert("type".to_owned(), of);
        let one = Value::Object(std::mem::take(map));
        map.insert("anyOf".to_owned(), json!([one, { "type": "null" }]));
    }
}

/// Results are described by names and types alone: no client shows a model more, and each word of it
/// is sent at the start of every session.
fn short(schema: &mut Value) {
    match schema {
        Value::Array(list) => list.iter_mut().for_each(short),
        Value::Object(map) => {
            // A field may be called so, too; then it is a schema.
            map.retain(|key, value| {
                !(["description", "title", "format", "default"].contains(&key.as_str())
                    && (value.is_string() || value.is_number() || key == "default"))
            });
            map.remove("minimum");
            of_one_type(map);
            map.values_mut().for_each(short);
        }
        _ => {}
    }
}
