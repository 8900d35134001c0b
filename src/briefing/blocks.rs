//! The block helpers: `if`, `unless`, `each`, `with`.
//!
//! As the engine's own, but they count each piece of template they render, and a path that leads
//! nowhere is an error.

use super::helpers::{Refusal, argument, charge};
use super::meter::Steps;
use handlebars::{
    BlockContext, BlockParams, Context, Handlebars, Helper, HelperDef, HelperResult, JsonTruthy,
    Output, RenderContext, RenderError, Renderable, Template,
};
use serde_json::Value;
use std::sync::Arc;

pub(super) fn register(registry: &mut Handlebars<'_>, steps: &Arc<Steps>) {
    let steps = || Arc::clone(steps);
    registry.register_helper("if", Box::new(If { truth: true, steps: steps() }));
    registry.register_helper("unless", Box::new(If { truth: false, steps: steps() }));
    registry.register_helper("with", Box::new(With { steps: steps() }));
    registry.register_helper("each", Box::new(Each { steps: steps() }));
}

/// Renders a block's body, or nothing where it has none.
fn body<'reg: 'rc, 'rc>(
    template: Option<&'rc Template>,
    steps: &Steps,
    r: &'reg Handlebars<'reg>,
    ctx: &'rc Context,
    rc: &mut RenderContext<'reg, 'rc>,
    out: &mut dyn Output,
) -> HelperResult {
    let Some(template) = template else { return Ok(()) };
    charge(steps, template.elements.len())?;
    template.render(r, ctx, rc, out)
}

struct If {
    truth: bool,
    steps: Arc<Steps>,
}

impl HelperDef for If {
    fn call<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        r: &'reg Handlebars<'reg>,
        ctx: &'rc Context,
        rc: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let holds = argument(h, 0)?.is_truthy(false) == self.truth;
        body(if holds { h.template() } else { h.inverse() }, &self.steps, r, ctx, rc, out)
    }
}

struct With {
    steps: Arc<Steps>,
}

impl HelperDef for With {
    fn call<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        r: &'reg Handlebars<'reg>,
        ctx: &'rc Context,
        rc: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        if !argument(h, 0)?.is_truthy(false) {
            return body(h.inverse(), &self.steps, r, ctx, rc, out);
        }
        let mut block = BlockContext::new();
        block.base_path_mut().clone_from(context_path(h)?);
        if let Some(parent) = rc.block() {
            block.local_variables_mut().clone_from(parent.local_variables());
        }
        if let Some(name) = h.block_param() {
            let mut params = BlockParams::new();
            params.add_path(name, Vec::new())?;
            block.set_block_params(params);
        }
        rc.push_block(block);
        body(h.template(), &self.steps, r, ctx, rc, out)?;
        rc.pop_block();
        Ok(())
    }
}

struct Each {
    steps: Arc<Steps>,
}

impl HelperDef for Each {
    fn call<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        r: &'reg Handlebars<'reg>,
        ctx: &'rc Context,
        rc: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let keys = match argument(h, 0)? {
            Value::Array(list) => Keys::Indices(list.len()),
            Value::Object(map) => Keys::Names(map.keys().cloned().collect()),
            Value::Null => Keys::Indices(0),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                return Err(Refusal::call(h, "wants a list or an object"));
            }
        };
        match keys.len() {
            0 => body(h.inverse(), &self.steps, r, ctx, rc, out),
            len => {
                charge(&self.steps, len)?;
                rc.push_block(BlockContext::new());
                for index in 0..len {
                    enter(rc, h, &keys, index)?;
                    body(h.template(), &self.steps, r, ctx, rc, out)?;
                }
                rc.pop_block();
                Ok(())
            }
        }
    }
}

/// What an `each` goes through.
enum Keys {
    Indices(usize),
    Names(Vec<String>),
}

impl Keys {
    fn len(&self) -> usize {
        match self {
            Keys::Indices(len) => *len,
            Keys::Names(names) => names.len(),
        }
    }
}

/// Makes the current block the one for the entry at `index`.
fn enter<'rc>(
    rc: &mut RenderContext<'_, 'rc>,
    h: &Helper<'rc>,
    keys: &Keys,
    index: usize,
) -> HelperResult {
    let mut block = BlockContext::new();
    let (segment, key) = match keys {
        Keys::Indices(_) => (index.to_string(), Value::from(index)),
        Keys::Names(names) => (names[index].clone(), Value::from(names[index].as_str())),
    };
    block.set_local_var("index", index.into());
    block.set_local_var("first", (index == 0).into());
    block.set_local_var("last", (index + 1 == keys.len()).into());
    if let Keys::Names(_) = keys {
        block.set_local_var("key", key.clone());
    }
    block.base_path_mut().clone_from(context_path(h)?);
    block.base_path_mut().push(segment);
    block.set_block_params(entry_params(h, key)?);
    rc.pop_block();
    rc.push_block(block);
    Ok(())
}

fn entry_params<'rc>(h: &Helper<'rc>, key: Value) -> Result<BlockParams<'rc>, RenderError> {
    let mut params = BlockParams::new();
    if let Some(entry) = h.block_param() {
        params.add_path(entry, Vec::new())?;
    } else if let Some((entry, entry_key)) = h.block_param_pair() {
        params.add_path(entry, Vec::new())?;
        params.add_value(entry_key, key)?;
    }
    Ok(params)
}

/// Where the argument stands in the context. Blocks go by the path and never copy a value, so a
/// step is cheap however large the context; a computed value has no path.
fn context_path<'h>(h: &'h Helper<'_>) -> Result<&'h Vec<String>, RenderError> {
    h.param(0)
        .and_then(|param| param.context_path())
        .ok_or_else(|| Refusal::call(h, "wants a variable, not a computed value"))
}
