"""Work for a person: call-backs, appointments, complaints, reviews."""

from backoffice.tasks.models import Task, TaskKind, TaskState
from backoffice.tasks.services import finish, list_tasks, open_task, take, task_of

__all__ = ["Task", "TaskKind", "TaskState", "finish", "list_tasks", "open_task", "take", "task_of"]
