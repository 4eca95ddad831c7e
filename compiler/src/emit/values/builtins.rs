//! Built-in functions: a kernel each.

use crate::emit::{
    EmitError, Emitter,
    code::{Code, at},
    support::Support,
};
use crate::{
    decision::{Handle, Value},
    hir::Builtin,
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
            Builtin::Base64UrlEncode => "base64url_encode",
            Builtin::Hex => "hex",
            Builtin::Sha256 => "sha256",
            Builtin::HtmlEscape => "html_escape",
            Builtin::QueryEncode => "query_encode",
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
            Builtin::IntParse => {
                return self.parse(code, "int_parse", I::I64Load(at(0)), ValType::I64);
            }
            Builtin::FloatParse => {
                return self.parse(code, "float_parse", I::F64Load(at(0)), ValType::F64);
            }
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
        };
        self.take_text(code, kernel);
        Ok(())
    }

    fn part(&mut self, code: &mut Code, kernel: &str) -> Result<(), EmitError> {
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
    fn parse(
        &mut self,
        code: &mut Code,
        kernel: &str,
        load: I<'static>,
        ty: ValType,
    ) -> Result<(), EmitError> {
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
