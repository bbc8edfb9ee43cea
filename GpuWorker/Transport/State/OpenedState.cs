using System.Diagnostics;
using System.Net.Sockets;
using Parcae.Grains.Telemetry;

namespace Parcae.GpuWorker.Transport;

/// <summary>The layer that a connection has open at a holder: at most one, kept for the requests that ask for the same one without a pause.</summary>
internal sealed class OpenedState(Wire wire, Hello hello, IStateSource source) : IDisposable
{
    private (int Layer, int Version) _key;
    private StateStream? _stream;
    private Activity? _activity;
    private CancellationTokenRegistration _recall;
    private long _sent;

    /// <summary>Opens the layer, unless it is open; null when it is not held. Waits for it, but no longer than the peer that asks is there.</summary>
    public StateStream? Open(int layer, int version)
    {
        if (_stream is not null && _key == (layer, version)) return _stream;
        Close();
        ActivityContext.TryParse(hello.TraceParent, null, isRemote: true, out var parent);
        _activity = ParcaeTelemetry.Activities.StartActivity("transfer.serve", ActivityKind.Server, parent);
        _activity?.SetTag("layer", layer).SetTag("version", version).SetTag("to", hello.From);
        _key = (layer, version);
        _stream = Wait(layer, version);
        _recall = _stream?.Recalled.Register(() => wire.Shutdown(SocketShutdown.Both)) ?? default;
        return _stream;
    }

    /// <summary>Counts what was sent, for the trace.</summary>
    public void Sent(long bytes) => _sent += bytes;

    /// <summary>Gives the layer back, if one is open.</summary>
    public void Close()
    {
        _recall.Dispose();
        _recall = default;
        _stream?.Dispose();
        _stream = null;
        _activity?.SetTag("bytes", _sent).Dispose();
        _activity = null;
        _sent = 0;
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private StateStream? Wait(int layer, int version)
    {
        using var cancel = new CancellationTokenSource();
        var opening = source.OpenAsync(layer, version, cancel.Token);
        while (Task.WaitAny([opening], TimeSpan.FromMilliseconds(20)) < 0)
        {
            if (!wire.IsClosed()) continue;
            cancel.Cancel();
            try
            {
                // It may have been opened at the same moment.
                opening.GetAwaiter().GetResult()?.Dispose();
            }
            catch (OperationCanceledException)
            {
                // As was asked.
            }

            throw new EndOfStreamException("The peer went away while it waited.");
        }

        return opening.GetAwaiter().GetResult();
    }
}
