//! The helpers that give a value: `lookup`, comparisons, `and`, `or`, `not`, `len`, and
//! figures, times and texts for people.

use super::helpers::{Refusal, argument, arguments, charge};
use super::meter::{BYTES_A_STEP, Steps};
use crate::model::{Timestamp, is_hidden};
use handlebars::{
    Context, Handlebars, Helper, HelperDef, JsonTruthy, RenderContext, RenderError, ScopedJson,
};
use serde_json::Value;
use std::cmp::Ordering;
use std::sync::Arc;

pub(super) fn register(registry: &mut Handlebars<'_>, steps: &Arc<Steps>) {
    let mut put = |name, compute| {
        registry.register_helper(name, Box::new(Computed { compute, steps: Arc::clone(steps) }));
    };
    put("eq", |args| Ok(compare(args)?.is_eq().into()));
    put("ne", |args| Ok(compare(args)?.is_ne().into()));
    put("gt", |args| Ok(ordered(args)?.is_gt().into()));
    put("lt", |args| Ok(ordered(args)?.is_lt().into()));
    put("and", |args| Ok(args.iter().all(|arg| arg.is_truthy(false)).into()));
    put("or", |args| Ok(args.iter().any(|arg| arg.is_truthy(false)).into()));
    put("not", |args| Ok((!args[0].is_truthy(false)).into()));
    put("len", |args| length(args[0]).map(Value::from));
    put("grouped", |args| figure(args[0]));
    put("minute", |args| minute(args[0]));
    put("shown", |args| shown(args[0]));
    registry.register_helper("lookup", Box::new(Lookup { steps: Arc::clone(steps) }));
}

type Compute = fn(&[&Value]) -> Result<Value, &'static str>;

/// A value computed from the arguments alone. The number of them was checked with the template.
struct Computed {
    compute: Compute,
    steps: Arc<Steps>,
}

impl HelperDef for Computed {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let args = arguments(h)?;
        charge(&self.steps, cost(&args))?;
        let value = (self.compute)(&args).map_err(|why| Refusal::call(h, why))?;
        Ok(value.into())
    }
}

/// Comparing two long texts costs more than a step.
fn cost(args: &[&Value]) -> usize {
    let shortest = args.iter().map(|arg| arg.as_str().map_or(0, str::len)).min();
    1 + shortest.unwrap_or(0) / BYTES_A_STEP
}

fn compare(args: &[&Value]) -> Result<Ordering, &'static str> {
    match (args[0], args[1]) {
        (Value::Array(_) | Value::Object(_), _) | (_, Value::Array(_) | Value::Object(_)) => {
            Err("compares texts, numbers, booleans and null only")
        }
        (left, right) if left == right => Ok(Ordering::Equal),
        // Which of two unequal values is the larger does not matter to `eq` and `ne`.
        _ => Ok(ordered(args).ok().filter(|order| order.is_ne()).unwrap_or(Ordering::Less)),
    }
}

fn ordered(args: &[&Value]) -> Result<Ordering, &'static str> {
    let order = match (args[0], args[1]) {
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Number(left), Value::Number(right)) => {
            left.as_f64().zip(right.as_f64()).and_then(|(left, right)| left.partial_cmp(&right))
        }
        _ => None,
    };
    order.ok_or("orders two numbers or two texts only")
}

fn length(value: &Value) -> Result<usize, &'static str> {
    match value {
        Value::Array(list) => Ok(list.len()),
        Value::Object(map) => Ok(map.len()),
        Value::String(text) => Ok(text.chars().count()),
        Value::Null => Ok(0),
        Value::Bool(_) | Value::Number(_) => Err("counts the entries of a list, object or text"),
    }
}

/// A whole number with its thousands set apart; other numbers stay as they are, null is empty.
fn figure(value: &Value) -> Result<Value, &'static str> {
    match value {
        Value::Null => Ok("".into()),
        Value::Number(number) => Ok(match (number.as_u64(), number.as_i64()) {
            (Some(count), _) => crate::model::grouped(count).into(),
            (None, Some(change)) => crate::model::grouped_signed(change).into(),
            (None, None) => value.clone(),
        }),
        _ => Err("wants a number"),
    }
}

/// A point in time to the minute, for people; null is empty.
fn minute(value: &Value) -> Result<Value, &'static str> {
    match value {
        Value::Null => Ok("".into()),
        Value::String(text) => match text.parse::<Timestamp>() {
            Ok(time) => Ok(time.to_minute().into()),
            Err(_) => Err("wants a point in time"),
        },
        _ => Err("wants a point in time"),
    }
}

/// A text with its lines as they are and all else that is hidden shown: `\u{202e}`.
fn shown(value: &Value) -> Result<Value, &'static str> {
    let text = value.as_str().ok_or("wants a text")?;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => out.push(c),
            c if is_hidden(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    Ok(out.into())
}

/// An entry of a list or object by a computed key; null where there is none.
struct Lookup {
    steps: Arc<Steps>,
}

impl HelperDef for Lookup {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        ctx: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        charge(&self.steps, 1)?;
        let (_, key) = (argument(h, 0)?, argument(h, 1)?);
        let Some(mut path) = h.param(0).and_then(|param| param.context_path()).cloned() else {
            return Err(Refusal::call(h, "wants a variable, not a computed value"));
        };
        path.push(match key {
            Value::String(key) => key.clone(),
            Value::Number(index) => index.to_string(),
            // A list as text may be as long as all of the data.
            _ => return Err(Refusal::call(h, "wants a text or a number for a key")),
        });
        // Walked again from the root, for an entry found by its path need not be copied.
        let found = path.iter().try_fold(ctx.data(), |value, segment| entry(value, segment));
        Ok(found.map_or(ScopedJson::Derived(Value::Null), |value| ScopedJson::Context(value, path)))
    }
}

fn entry<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    match value {
        Value::Array(list) => list.get(key.parse::<usize>().ok()?),
        Value::Object(map) => map.get(key),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}
