"""Jupyter kernels that are forked processes: real ones, which have imported PyTorch before they begin."""

from __future__ import annotations

import os

from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner
from jupyter_server.services.kernels.kernelmanager import ServerKernelManager
from processes import Process


class Kernel(LocalProvisioner):
    """Starts a kernel by forking."""

    async def launch_kernel(self, cmd: list[str], **kwargs):
        environment = {**kwargs["env"], "JPY_PARENT_PID": str(os.getpid())}  # it ends when the tests do
        self.process = Process(cmd[cmd.index("-m") + 1 :], environment=environment, folder=kwargs.get("cwd") or ".")
        self.pid = self.process.pid
        return self.connection_info


class _Forked:
    def __init__(self, *given, **settings) -> None:
        super().__init__(*given, **settings)
        self.provisioner = Kernel(kernel_id="forked", kernel_spec=self.kernel_spec, parent=self)


class ForkedKernelManager(_Forked, AsyncKernelManager):
    """For nbclient."""


class ServedKernelManager(_Forked, ServerKernelManager):
    """For a Jupyter server."""
