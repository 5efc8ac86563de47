//! Reads which functions a wasm module imports and exports.

use anyhow::bail;
use wasmparser::{Parser, Payload, TypeRef, ValType};

/// A function that a module imports from JavaScript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Import {
    /// The JavaScript module, as wasm-bindgen or wasm-opt named it.
    pub(super) module: String,
    /// The function in it.
    pub(super) name: String,
}

/// The functions that a module imports, in order; any other import is an error.
pub(super) fn imports(wasm: &[u8]) -> anyhow::Result<Vec<Import>> {
    let mut imports = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let Payload::ImportSection(section) = payload? else { continue };
        for import in section.into_imports() {
            let import = import?;
            let (module, name) = (import.module.to_owned(), import.name.to_owned());
            if !matches!(import.ty, TypeRef::Func(_)) {
                bail!("the module imports {name} from {module}, which is no function");
            }
            imports.push(Import { module, name });
        }
    }
    Ok(imports)
}

/// Whether an imported or exported function takes or returns 64-bit integers. wasm2js splits those into two numbers,
/// so the fallback's glue would not match.
pub(super) fn crosses_with_64_bits(wasm: &[u8]) -> anyhow::Result<bool> {
    let mut types = Vec::new();
    let mut functions = Vec::new();
    let mut crossing = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::TypeSection(section) => {
                for ty in section.into_iter_err_on_gc_types() {
                    let ty = ty?;
                    types.push(ty.params().iter().chain(ty.results()).any(|value| *value == ValType::I64));
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    if let TypeRef::Func(ty) = import?.ty {
                        crossing.push(functions.len());
                        functions.push(ty);
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    functions.push(ty?);
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    if export.kind == wasmparser::ExternalKind::Func {
                        crossing.push(export.index as usize);
                    }
                }
            }
            _ => {}
        }
    }
    let wide =
        |function: usize| functions.get(function).and_then(|ty| types.get(*ty as usize)) == Some(&true);
    Ok(crossing.into_iter().any(wide))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module that imports `m.f` and exports a function as `g`: both of type 0, `(param)`.
    fn module(param: u8) -> Vec<u8> {
        let mut wasm = b"\0asm\x01\0\0\0".to_vec();
        wasm.extend([1, 5, 1, 0x60, 1, param, 0]); // type 0
        wasm.extend([2, 7, 1, 1, b'm', 1, b'f', 0, 0]); // import
        wasm.extend([3, 2, 1, 0]); // one function of type 0
        wasm.extend([7, 5, 1, 1, b'g', 0, 1]); // export
        wasm.extend([10, 4, 1, 2, 0, 0x0b]); // its code
        wasm
    }

    const I32: u8 = 0x7f;
    const I64: u8 = 0x7e;

    #[test]
    fn imports_are_read_from_the_module_itself() {
        let imports = imports(&module(I32)).unwrap();
        assert_eq!(imports, [Import { module: "m".into(), name: "f".into() }]);
    }

    #[test]
    fn an_import_that_is_no_function_is_refused() {
        let mut wasm = b"\0asm\x01\0\0\0".to_vec();
        wasm.extend([2, 8, 1, 1, b'm', 1, b'f', 2, 0, 1]); // a memory
        assert!(imports(&wasm).unwrap_err().to_string().contains("imports f from m"));
    }

    #[test]
    fn imports_and_exports_with_64_bits_are_noticed() {
        assert!(!crosses_with_64_bits(&module(I32)).unwrap());
        assert!(crosses_with_64_bits(&module(I64)).unwrap());
    }
}
