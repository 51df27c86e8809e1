//! Prints the TypeScript of the protocol: `make protocol` keeps it in `web-client/src/protocol.gen.ts`.
fn main() {
    print!("{}", tandem_protocol::typescript::generate());
}
