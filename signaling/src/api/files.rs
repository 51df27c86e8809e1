//! The pages' end of a file that is on its way (`crate::files`). The ticket says who they are.

use super::{Answer, error};
use crate::api::caller::own_origin;
use crate::files::{self, Broken, Side};
use crate::hub::Hub;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;

pub(super) async fn send(
    State(hub): State<Arc<Hub>>,
    Path(ticket): Path<String>,
    request: Request,
) -> Answer<StatusCode> {
    own_origin(&hub, request.headers())?;
    files::send(&hub, Side::Page, &ticket, request).await.map_err(said)?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn fetch(State(hub): State<Arc<Hub>>, Path(ticket): Path<String>) -> Answer<Response> {
    files::fetch(&hub, Side::Page, &ticket).await.map_err(said)
}

fn said(broken: Broken) -> Response {
    error(broken.status(), broken.code(), broken.to_string())
}
