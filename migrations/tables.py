"""Every module with tables, so that `Base.metadata` is whole."""

import backoffice.applications.models
import backoffice.audit.models
import backoffice.conversations.models
import backoffice.delegation.models
import backoffice.departments.models
import backoffice.devices.models
import backoffice.erasures.models
import backoffice.identity.alarms
import backoffice.identity.models
import backoffice.identity.video
import backoffice.outbox.models
import backoffice.queue.models
import backoffice.remembering.models
import backoffice.representation.models
import backoffice.results.models
import backoffice.signatures.models
import backoffice.staff.factors
import backoffice.staff.models
import backoffice.tasks.models
import backoffice.uploads.models  # noqa: F401
