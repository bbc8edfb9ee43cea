using System.Runtime.InteropServices;

namespace Parcae.Cli.Commands;

/// <summary>Ctrl-C and SIGTERM: the first asks the command to stop and clean up, the second ends it at once, with all its children.</summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;
    private int _received;

    public Interruption()
    {
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal),
        ];
    }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>The shell's exit code for the signal that came (130 for Ctrl-C), or null.</summary>
    public int? ExitCode { get; private set; }

    /// <summary>Called by the second signal, before the process ends.</summary>
    public Action AtOnce { get; set; } = () => { };

    public void Dispose()
    {
        foreach (var registration in _registrations) registration.Dispose();
        _source.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        ExitCode = context.Signal switch { PosixSignal.SIGINT => 130, PosixSignal.SIGHUP => 129, _ => 143 };
        if (Interlocked.Increment(ref _received) == 1)
        {
            // On another thread: what the token wakes may run on this one, and a second signal must get through.
            _ = Task.Run(_source.Cancel);
            return;
        }

        AtOnce();
        Environment.Exit(ExitCode.Value);
    }
}
