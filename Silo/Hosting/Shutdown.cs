using System.Runtime.InteropServices;

namespace Parcae.Silo.Hosting;

/// <summary>Waits for SIGTERM or SIGINT outside a generic host.</summary>
internal static class Shutdown
{
    public static async Task Requested()
    {
        var requested = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Handle(PosixSignalContext context)
        {
            context.Cancel = true;
            requested.TrySetResult();
        }
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle);
        await requested.Task;
    }
}
