//! Built-in functions: a kernel each.

use crate::emit::{
    EmitError, Emitter,
    code::{Code, at},
    support::Support,
};
use crate::{
    decision::{Handle, Value},
    hir::{Base, Builtin},
};
use wasm_encoder::{Instruction as I, ValType};

impl Emitter<'_> {
    pub(super) fn builtin(
        &mut self,
        code: &mut Code,
        builtin: Builtin,
        arguments: &[Handle<Value>],
    ) -> Result<(), EmitError> {
        for argument in arguments {
            self.value(code, *argument)?;
        }
        let kernel = match builtin {
            Builtin::Lower => "lower",
            Builtin::Upper => "upper",
            Builtin::Trim => "trim",
            Builtin::UrlDecode => "url_decode",
            Builtin::HtmlDecode => "html_decode",
            Builtin::Base64Decode => "base64_decode",
            Builtin::UrlDecodeUni => "url_decode_uni",
            Builtin::JsDecode => "js_decode",
            Builtin::CssDecode => "css_decode",
            Builtin::Base64DecodeLenient => "base64_decode_lenient",
            Builtin::RemoveNulls => "remove_nulls",
            Builtin::CompressWhitespace => "compress_whitespace",
            Builtin::RemoveComments => "remove_comments",
            Builtin::NormalisePath => "normalise_path",
            Builtin::CmdLine => "cmd_line",
            Builtin::Utf8ToUnicode => "utf8_to_unicode",
            Builtin::Base64UrlEncode => "base64url_encode",
            Builtin::Hex => "hex",
            Builtin::Sha256 => "sha256",
            Builtin::HtmlEscape => "html_escape",
            Builtin::QueryEncode => "query_encode",
            Builtin::CountsJson => "counts_json",
            Builtin::HttpDate => "http_date",
            Builtin::RemovePrefix => return self.part(code, "remove_prefix"),
            Builtin::RemoveSuffix => return self.part(code, "remove_suffix"),
            Builtin::SplitFirst => return self.part(code, "split_first"),
            Builtin::Replace => return self.replace(code, arguments),
            Builtin::Len => {
                let local = code.local(ValType::I32);
                code.set(local)
                    .push(I::Drop)
                    .get(local)
                    .push(I::I64ExtendI32U);
                code.release(ValType::I32, local);
                return Ok(());
            }
            Builtin::IntParse => return self.parse(code, Base::Int),
            Builtin::FloatParse => return self.parse(code, Base::Float),
            Builtin::IntFromFloat => {
                code.push(I::I64TruncSatF64S);
                return Ok(());
            }
            Builtin::FloatFromInt => {
                code.push(I::F64ConvertI64S);
                return Ok(());
            }
            Builtin::Unix => {
                self.support(code, Support::Unix);
                return Ok(());
            }
            Builtin::QuerySort => return self.json_text(code, "query_sort"),
            Builtin::QueryFilter => return self.filtered(code, "query_filter"),
            Builtin::CookieFilter => return self.filtered(code, "cookie_filter"),
            Builtin::JsonText => return self.json_text(code, "json_text"),
            Builtin::JsonString => return self.json_text(code, "json_string"),
            Builtin::JsonMember => return self.json_member(code),
            Builtin::JsonItem => return self.json_item(code),
            Builtin::JsonInt => return self.json_number(code, Base::Int),
            Builtin::JsonFloat => return self.json_number(code, Base::Float),
            Builtin::JsonBool => return self.json_bool(code),
        };
        self.take_text(code, kernel);
        Ok(())
    }

    /// What a list lets through of a text that may be absent.
    fn filtered(&mut self, code: &mut Code, kernel: &str) -> Result<(), EmitError> {
        let list = [(); 2].map(|()| code.local(ValType::I32));
        for local in list.iter().rev() {
            code.set(*local);
        }
        self.if_text(code, &super::TEXT, |emitter, code, [p, l]| {
            let [list, length] = list;
            code.get(p).get(l).get(list).get(length);
            emitter.take_text(code, kernel);
            Ok(())
        })?;
        for local in list {
            code.release(ValType::I32, local);
        }
        Ok(())
    }

    pub(super) fn part(&mut self, code: &mut Code, kernel: &str) -> Result<(), EmitError> {
        self.kernel(code, kernel);
        self.support(code, Support::Unpack);
        Ok(())
    }

    /// `replace`: the capacity is what the bound says for this length.
    fn replace(&mut self, code: &mut Code, arguments: &[Handle<Value>]) -> Result<(), EmitError> {
        let factor = crate::emit::bounds::replace_factor(self.graph, arguments);
        let bump = self.bump();
        let locals = [(); 6].map(|()| code.local(ValType::I32));
        for local in locals.iter().rev() {
            code.set(*local);
        }
        for local in locals {
            code.get(local);
        }
        let [_, input_length, ..] = locals;
        code.global(bump)
            .get(input_length)
            .i32(factor)
            .push(I::I32Mul);
        self.kernel(code, "replace");
        self.support(code, Support::Commit);
        for local in locals {
            code.release(ValType::I32, local);
        }
        Ok(())
    }

    /// A number out of text: the value, then whether there is one.
    pub(super) fn parse(&mut self, code: &mut Code, base: Base) -> Result<(), EmitError> {
        let (kernel, load, ty) = match base {
            Base::Float => ("float_parse", I::F64Load(at(0)), ValType::F64),
            _ => ("int_parse", I::I64Load(at(0)), ValType::I64),
        };
        let bump = self.bump();
        let found = code.local(ValType::I32);
        code.global(bump);
        self.kernel(code, kernel);
        code.tee(found)
            .push(I::If(wasm_encoder::BlockType::Result(ty)));
        code.global(bump).push(load).or_else();
        match ty {
            ValType::F64 => code.push(I::F64Const(0.0.into())),
            _ => code.i64(0),
        };
        code.end().get(found);
        code.release(ValType::I32, found);
        Ok(())
    }

    /// Calls a kernel whose last parameter is where its text goes, and takes the text.
    pub(super) fn take_text(&mut self, code: &mut Code, kernel: &str) {
        code.global(self.bump());
        self.kernel(code, kernel);
        self.support(code, Support::Commit);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use crate::{
        decision::{self, Value},
        emit::{Identity, emit, kernels::Kernels, plan::Plan},
        hir::Builtin,
        passes,
        source::NoFiles,
    };
    use wasmparser::{Operator, Parser, Payload};

    /// Rules whose chains begin alike.
    const RULES: &str = r#"
        waf shield {
          rule one { when lower(html_decode(url_decode(request.query_string else ""))) contains "one" }
          rule two { when remove_comments(html_decode(url_decode(request.query_string else ""))) contains "two" }
          rule three { when js_decode(url_decode(request.query_string else "")) contains "three" }
          rule four { when lower(html_decode(url_decode(request.query_string else ""))) matches "fo+r" }
        }
        on request { waf shield }
        default { respond 404 }
    "#;

    /// Values are interned: what several chains begin with stands in the module once, and its result is kept.
    #[test]
    fn a_prefix_that_chains_share_runs_once() {
        let checked = crate::check("rules.edge", RULES, &NoFiles).unwrap();
        let graph = passes::run(decision::build(&checked.hir));
        let identity = Identity {
            tag: 0,
            body_limit: checked.hir.body_limit,
        };
        let module = emit(&graph, identity).unwrap();
        let kernels = Kernels::read(edge_kernels::WASM).unwrap();
        let mut calls = Vec::new();
        for payload in Parser::new(0).parse_all(&module.wasm) {
            if let Payload::CodeSectionEntry(body) = payload.unwrap() {
                calls.push(Vec::new());
                for operator in body.get_operators_reader().unwrap() {
                    if let Operator::Call { function_index } = operator.unwrap() {
                        calls.last_mut().unwrap().push(function_index);
                    }
                }
            }
        }
        let calls = calls.split_off(kernels.bodies.len()).concat();
        for kernel in [
            "url_decode",
            "html_decode",
            "lower",
            "remove_comments",
            "js_decode",
        ] {
            let index = kernels.exports[kernel];
            let count = calls.iter().filter(|call| **call == index).count();
            assert_eq!(count, 1, "{kernel}");
        }
        let plan = Plan::new(&graph);
        for shared in [Builtin::UrlDecode, Builtin::HtmlDecode, Builtin::Lower] {
            let is_it = |value: &Value| matches!(value, Value::Builtin(it, _) if *it == shared);
            let kept = plan
                .functions
                .iter()
                .filter(|(value, memo)| memo.is_some() && is_it(graph.values.get(**value)));
            assert_eq!(kept.count(), 1, "{shared:?}");
        }
    }
}
