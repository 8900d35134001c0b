//! From sources to one checked template: parsed, each tag known, partials put in place.
//!
//! What the engine would find out only when it gets there (a helper that does not exist, in a
//! branch not taken) is found here, always. Partials become part of the template: they see what
//! the place sees, and no recursion, no copy of the context is left for the rendering.

use super::fault::{Limit, Place, TemplateFault};
use super::helpers::{self, Form};
use super::library::Template;
use super::limits::{self, Breach, Why};
use crate::error::nearest;
use handlebars::template::{
    DecoratorTemplate, HelperTemplate, Parameter, Subexpression, TemplateElement,
};
use handlebars::{Path, TemplateError, TemplateErrorReason};
use std::collections::BTreeMap;

type Checked<T> = Result<T, TemplateFault>;

/// The engine's template for `template`.
pub(super) fn assemble(template: &Template) -> Checked<handlebars::Template> {
    let mut assembler = Assembler {
        partials: template.partials(),
        open: Vec::new(),
        depth: 0,
        included: 0,
        bytes: 0,
        is_html: template.is_html(),
    };
    assembler.compile(&template.name, &template.source)
}

struct Assembler<'t> {
    partials: &'t BTreeMap<String, String>,
    /// The partials being put in place, outermost first.
    open: Vec<String>,
    depth: usize,
    included: usize,
    /// Source parsed so far; a partial is parsed again each time it is included.
    bytes: usize,
    /// Whether what it writes must be safe in HTML.
    is_html: bool,
}

impl Assembler<'_> {
    fn compile(&mut self, name: &str, source: &str) -> Checked<handlebars::Template> {
        self.bytes += source.len();
        if self.bytes > Limit::Source.max() {
            return Err(exceeded(&Place { template: name.to_owned(), line: None }, Limit::Source));
        }
        limits::check(source).map_err(|breach| refused(name, source, &breach))?;
        let mut parsed = handlebars::Template::compile_with_name(source, name.to_owned())
            .map_err(|error| unparsed(name, &error))?;
        self.walk(&mut parsed, name, None)?;
        Ok(parsed)
    }

    /// Checks each tag of `body`, which stands in template `name`, at `line` unless it knows better.
    fn walk(
        &mut self,
        body: &mut handlebars::Template,
        name: &str,
        line: Option<usize>,
    ) -> Checked<()> {
        for (index, element) in body.elements.iter_mut().enumerate() {
            let line = body.mapping.get(index).map(|at| at.0).or(line);
            self.element(element, &Place { template: name.to_owned(), line })?;
        }
        Ok(())
    }

    fn element(&mut self, element: &mut TemplateElement, at: &Place) -> Checked<()> {
        match element {
            TemplateElement::RawString(_) | TemplateElement::Comment(_) => Ok(()),
            TemplateElement::HtmlExpression(_) if self.is_html => {
                Err(call(at, "an HTML template escapes every value: {{name}}, not {{{name}}}"))
            }
            TemplateElement::Expression(tag) | TemplateElement::HtmlExpression(tag) => {
                expression(tag, at)?;
                if self.is_html { safe_in_html(tag, at) } else { Ok(()) }
            }
            TemplateElement::HelperBlock(block) => self.block(block, at),
            TemplateElement::PartialExpression(tag) => {
                *element = TemplateElement::HelperBlock(self.partial(tag, at)?);
                Ok(())
            }
            // `limits` refuses them already; a new element of the engine's is refused, too.
            _ => Err(call(at, "this kind of tag is not allowed")),
        }
    }

    fn block(&mut self, block: &mut HelperTemplate, at: &Place) -> Checked<()> {
        let name = plain_name(&block.name, at)?;
        check_call(name, &[Form::Block], block, at)?;
        self.deeper(at, |this| {
            let bodies = [block.template.as_mut(), block.inverse.as_mut()];
            bodies.into_iter().flatten().try_for_each(|body| this.walk(body, &at.template, at.line))
        })
    }

    /// A block that always renders the partial.
    fn partial(&mut self, tag: &DecoratorTemplate, at: &Place) -> Checked<Box<HelperTemplate>> {
        let name = plain_name(&tag.name, at)?;
        let Some(source) = self.partials.get(name) else {
            let near = near(name, self.partials.keys().map(String::as_str));
            return Err(TemplateFault::Partial { at: at.clone(), name: name.to_owned(), near });
        };
        if self.open.iter().any(|open| open == name) {
            return Err(TemplateFault::Recursion { at: at.clone(), name: name.to_owned() });
        }
        self.included += 1;
        if self.included > Limit::Partials.max() {
            return Err(exceeded(at, Limit::Partials));
        }
        self.open.push(name.to_owned());
        let body = self.deeper(at, |this| this.compile(&format!("_{name}"), source))?;
        self.open.pop();
        always(body).ok_or_else(|| call(at, "the partial cannot be put in place"))
    }

    fn deeper<T>(&mut self, at: &Place, work: impl FnOnce(&mut Self) -> Checked<T>) -> Checked<T> {
        if self.depth == Limit::Nesting.max() {
            return Err(exceeded(at, Limit::Nesting));
        }
        self.depth += 1;
        let done = work(self)?;
        self.depth -= 1;
        Ok(done)
    }
}

/// `{{#if true}}body{{/if}}`: parsed rather than built, for the engine's own fields are private.
fn always(body: handlebars::Template) -> Option<Box<HelperTemplate>> {
    match handlebars::Template::compile("{{#if true}}{{/if}}").ok()?.elements.pop()? {
        TemplateElement::HelperBlock(mut block) => {
            block.template = Some(body);
            Some(block)
        }
        _ => None,
    }
}

/// A tag outside blocks: a variable, or a helper with its arguments.
fn expression(tag: &mut HelperTemplate, at: &Place) -> Checked<()> {
    let name = plain_name(&tag.name, at)?;
    if !tag.params.is_empty() || !tag.hash.is_empty() {
        return check_call(name, &[Form::Value, Form::Writer], tag, at);
    }
    // The engine prefers the helper; without arguments `{{name}}` can only be the variable.
    if helpers::find(name).is_some()
        && let Ok(path) = Path::parse(&format!("./{name}"))
    {
        tag.name = Parameter::Path(path);
    }
    check_path(&tag.name, at)
}

/// A writer of Markdown would bring what it is given past the escaping.
fn safe_in_html(tag: &HelperTemplate, at: &Place) -> Checked<()> {
    let called = tag.name.as_name().filter(|_| !tag.params.is_empty()).and_then(helpers::find);
    match called.filter(|spec| !helpers::writes_html(spec)) {
        Some(spec) => {
            let name = spec.name;
            Err(call(
                at,
                format!("{name} does not write HTML: write {{{{value}}}}, which is escaped"),
            ))
        }
        None => Ok(()),
    }
}

fn check_call(name: &str, forms: &[Form], tag: &HelperTemplate, at: &Place) -> Checked<()> {
    let Some(spec) = helpers::find(name) else {
        let near = near(name, helpers::HELPERS.iter().map(|spec| spec.name));
        return Err(TemplateFault::Helper { at: at.clone(), name: name.to_owned(), near });
    };
    if !forms.contains(&spec.form) {
        return Err(call(at, misplaced(spec)));
    }
    if !tag.hash.is_empty() {
        return Err(call(at, format!("{name} takes no named arguments")));
    }
    if !spec.arguments.contains(&tag.params.len()) {
        return Err(call(at, format!("{name} takes {} arguments", amount(spec))));
    }
    tag.params.iter().try_for_each(|param| check_param(param, at))
}

fn check_param(param: &Parameter, at: &Place) -> Checked<()> {
    match param {
        Parameter::Subexpression(inner) => subexpression(inner, at),
        Parameter::Path(_) => check_path(param, at),
        // A literal; the engine may add kinds, which then come to nothing worse than a value.
        _ => Ok(()),
    }
}

fn subexpression(inner: &Subexpression, at: &Place) -> Checked<()> {
    match inner.as_element() {
        TemplateElement::Expression(tag) => {
            check_call(plain_name(&tag.name, at)?, &[Form::Value], tag, at)
        }
        _ => Err(call(at, "only a helper with its arguments stands in parentheses")),
    }
}

fn check_path(param: &Parameter, at: &Place) -> Checked<()> {
    match param {
        Parameter::Path(Path::Relative((parts, _))) if parts.len() > Limit::Path.max() => {
            Err(exceeded(at, Limit::Path))
        }
        Parameter::Path(Path::Local((level, _, _))) if *level > Limit::Path.max() => {
            Err(exceeded(at, Limit::Path))
        }
        _ => Ok(()),
    }
}

fn plain_name<'p>(name: &'p Parameter, at: &Place) -> Checked<&'p str> {
    name.as_name().ok_or_else(|| call(at, "a tag begins with a plain name"))
}

fn misplaced(spec: &helpers::Spec) -> String {
    let name = spec.name;
    match spec.form {
        Form::Block => format!("{name} is a block: {{{{#{name} …}}}} … {{{{/{name}}}}}"),
        Form::Value => format!("{name} is no block: {{{{#if ({name} …)}}}}"),
        Form::Writer => format!("{name} writes text, it stands alone: {{{{{name} …}}}}"),
    }
}

fn amount(spec: &helpers::Spec) -> String {
    let (least, most) = (spec.arguments.start(), spec.arguments.end());
    if least == most { least.to_string() } else { format!("{least} to {most}") }
}

fn near<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Vec<String> {
    nearest(name, known).into_iter().map(str::to_owned).collect()
}

fn call(at: &Place, why: impl Into<String>) -> TemplateFault {
    TemplateFault::Call { at: at.clone(), why: why.into() }
}

fn exceeded(at: &Place, limit: Limit) -> TemplateFault {
    TemplateFault::Limit { at: at.clone(), limit }
}

fn refused(name: &str, source: &str, breach: &Breach) -> TemplateFault {
    let line = source.as_bytes()[..breach.at].iter().filter(|b| **b == b'\n').count() + 1;
    let at = Place { template: name.to_owned(), line: Some(line) };
    match breach.why {
        Why::Limit(limit) => TemplateFault::Limit { at, limit },
        Why::Syntax(why) => TemplateFault::Syntax { at, why: why.to_owned() },
    }
}

fn unparsed(name: &str, error: &TemplateError) -> TemplateFault {
    let at = Place { template: name.to_owned(), line: error.pos().map(|(line, _)| line) };
    let why = match error.reason() {
        // The engine's own words are the names of all rules of its grammar.
        TemplateErrorReason::InvalidSyntax(_) => "this tag is malformed or out of place".into(),
        TemplateErrorReason::MismatchingClosedHelper(open, close) => {
            format!("block {} is closed by {}", bare(open), bare(close))
        }
        other => other.to_string(),
    };
    TemplateFault::Syntax { at, why }
}

/// A name that the engine gives as `Some("name")`.
fn bare(name: &str) -> &str {
    name.trim_start_matches("Some(\"").trim_end_matches("\")")
}
