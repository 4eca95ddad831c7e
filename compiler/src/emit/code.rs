//! A function's body while it is written.

use wasm_encoder::{BlockType, Encode, Function, Instruction, MemArg, MemArgTarget, ValType};

/// Bytes of an address in a region, most often.
const REGION_BYTES: usize = 4;

/// Instructions and locals of one function.
#[derive(Debug, Default)]
pub(super) struct Code {
    parameters: u32,
    locals: Vec<ValType>,
    /// Locals that are free again, by type.
    free: Vec<(ValType, u32)>,
    instructions: Vec<Item>,
    depth: u32,
    bytes: usize,
    scratch: Vec<u8>,
}

/// An instruction, or one that needs to know where the constants end.
#[derive(Debug)]
enum Item {
    Plain(Instruction<'static>),
    /// `i32.const` of an address in the regions behind the constants.
    Region(u32),
}

impl Code {
    /// A function of that many parameters.
    pub fn new(parameters: usize) -> Code {
        Code {
            parameters: u32::try_from(parameters).unwrap_or(u32::MAX),
            ..Code::default()
        }
    }

    /// A local of that type that nothing else uses until it is released.
    pub fn local(&mut self, ty: ValType) -> u32 {
        if let Some(i) = self.free.iter().position(|(t, _)| *t == ty) {
            return self.free.swap_remove(i).1;
        }
        self.locals.push(ty);
        self.parameters + u32::try_from(self.locals.len()).unwrap_or(u32::MAX) - 1
    }

    /// Gives a local back.
    pub fn release(&mut self, ty: ValType, local: u32) {
        self.free.push((ty, local));
    }

    /// Adds an instruction. Unreachable ones after a return are the caller's to avoid.
    pub fn push(&mut self, instruction: Instruction<'static>) -> &mut Self {
        match &instruction {
            Instruction::Block(_) | Instruction::Loop(_) | Instruction::If(_) => self.depth += 1,
            Instruction::End => self.depth = self.depth.saturating_sub(1),
            Instruction::LocalGet(local) => {
                if let Some(Item::Plain(last @ Instruction::LocalSet(_))) =
                    self.instructions.last_mut()
                    && matches!(last, Instruction::LocalSet(set) if set == local)
                {
                    *last = Instruction::LocalTee(*local);
                    return self;
                }
            }
            _ => {}
        }
        self.scratch.clear();
        instruction.encode(&mut self.scratch);
        self.bytes += self.scratch.len();
        self.instructions.push(Item::Plain(instruction));
        self
    }

    /// An address in the regions behind the constants.
    pub fn region(&mut self, offset: u32) -> &mut Self {
        self.bytes += REGION_BYTES;
        self.instructions.push(Item::Region(offset));
        self
    }

    /// How many blocks are open.
    pub fn depth(&self) -> u32 {
        self.depth
    }

    /// How many bytes were written, about.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn i32(&mut self, value: u32) -> &mut Self {
        self.push(Instruction::I32Const(value.cast_signed()))
    }

    pub fn i64(&mut self, value: i64) -> &mut Self {
        self.push(Instruction::I64Const(value))
    }

    pub fn get(&mut self, local: u32) -> &mut Self {
        self.push(Instruction::LocalGet(local))
    }

    pub fn set(&mut self, local: u32) -> &mut Self {
        self.push(Instruction::LocalSet(local))
    }

    pub fn tee(&mut self, local: u32) -> &mut Self {
        self.push(Instruction::LocalTee(local))
    }

    pub fn call(&mut self, function: u32) -> &mut Self {
        self.push(Instruction::Call(function))
    }

    pub fn global(&mut self, global: u32) -> &mut Self {
        self.push(Instruction::GlobalGet(global))
    }

    pub fn set_global(&mut self, global: u32) -> &mut Self {
        self.push(Instruction::GlobalSet(global))
    }

    /// Loads an `i32` from a place in a region.
    pub fn load_region(&mut self, offset: u32) -> &mut Self {
        self.region(offset).push(Instruction::I32Load(at(0)))
    }

    pub fn if_empty(&mut self) -> &mut Self {
        self.push(Instruction::If(BlockType::Empty))
    }

    pub fn if_bool(&mut self) -> &mut Self {
        self.push(Instruction::If(BlockType::Result(ValType::I32)))
    }

    pub fn or_else(&mut self) -> &mut Self {
        self.push(Instruction::Else)
    }

    pub fn end(&mut self) -> &mut Self {
        self.push(Instruction::End)
    }

    /// The finished function, with the regions at `base`.
    pub fn finish(&self, base: u32) -> Function {
        let mut function = Function::new_with_locals_types(self.locals.iter().copied());
        // At the end a function returns anyway.
        let code = match self.instructions.as_slice() {
            [code @ .., Item::Plain(Instruction::Return)] => code,
            code => code,
        };
        for item in code {
            match item {
                Item::Plain(instruction) => function.instruction(instruction),
                Item::Region(offset) => {
                    function.instruction(&Instruction::I32Const((base + offset).cast_signed()))
                }
            };
        }
        function.instruction(&Instruction::End);
        function
    }
}

/// A place `offset` bytes from the address on the stack, without an alignment promise.
pub(super) fn at(offset: u32) -> MemArg {
    MemArg {
        offset: u64::from(offset),
        align: 0,
        target: MemArgTarget::Memory(0),
        ordering: None,
    }
}
