using System.Diagnostics;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;

namespace Parcae.GpuWorker.Faults;

/// <summary>Carries faults out at named points of this process, where that is switched on. A point that nothing waits for costs one read.</summary>
/// <param name="enabled">Whether faults may be ordered at all.</param>
/// <param name="plane">The connections.</param>
internal sealed class FaultInjector(bool enabled, DataPlane plane) : IDisposable
{
    private static readonly TimeSpan SlowFor = TimeSpan.FromSeconds(3);
    private readonly Lock _lock = new();
    private readonly ManualResetEventSlim _released = new();
    private volatile FaultOrder? _order;
    private int _left;
    private int _struckCount;
    private TaskCompletionSource<FaultOrder> _struck = NewSignal();

    /// <summary>How the process is ended. Does not return.</summary>
    public Action Kill { get; set; } = static () =>
    {
        using var self = Process.GetCurrentProcess();
        self.Kill();
        Thread.Sleep(Timeout.Infinite);
    };

    /// <summary>Completes when the fault that was ordered last has struck.</summary>
    public Task<FaultOrder> Struck
    {
        get { lock (_lock) return _struck.Task; }
    }

    /// <summary>Faults that have struck so far.</summary>
    public int StruckCount => Volatile.Read(ref _struckCount);

    /// <summary>Orders a fault in place of one that has not struck yet; null takes that back.</summary>
    /// <exception cref="InvalidOperationException">Faults are not switched on here.</exception>
    /// <exception cref="ArgumentException">The order names no point, no kind or no passage.</exception>
    public void Arm(FaultOrder? order)
    {
        if (!enabled) throw new InvalidOperationException($"{plane.InstanceId} takes no faults; start it with --faults true where that is wanted.");
        if (order is not null && (!Enum.IsDefined(order.Point) || !Enum.IsDefined(order.Kind) || order.Passages < 1))
            throw new ArgumentException($"{order} is no fault: point and kind must be known, passages at least 1.", nameof(order));
        lock (_lock)
        {
            (_left, _order, _struck) = (order?.Passages ?? 0, order, NewSignal());
        }
    }

    /// <summary>The calling thread passes a point.</summary>
    /// <param name="point">The point.</param>
    /// <param name="wire">The connection that it is about, where it is about one.</param>
    public void Pass(FaultPoint point, Wire? wire = null)
    {
        if (_order?.Point != point) return;
        FaultOrder order;
        lock (_lock)
        {
            if (_order is not { } waiting || waiting.Point != point || --_left > 0) return;
            (order, _order) = (waiting, null);
            _struckCount++;
            _struck.TrySetResult(order);
        }

        IReadOnlyList<Wire> wires = wire is null ? plane.Wires : [wire];
        switch (order.Kind)
        {
            case FaultKind.Kill:
                Kill();
                break;
            case FaultKind.Hang:
                _released.Wait();
                break;
            case FaultKind.CutConnection:
                if (wires.Count > 0) wires[0].Shutdown(System.Net.Sockets.SocketShutdown.Both);
                break;
            case FaultKind.SlowLink:
                foreach (var slow in plane.Wires) slow.Slow(SlowFor);
                break;
            case FaultKind.CorruptFrame:
                foreach (var corrupt in wires) corrupt.CorruptNext();
                break;
            default:
                throw new InvalidOperationException($"{order.Kind} is not carried out.");
        }
    }

    /// <summary>Threads that hang go on: the process is to end, or a test wants to see them come back.</summary>
    public void Release() => _released.Set();

    /// <inheritdoc/>
    public void Dispose() => Release();

    private static TaskCompletionSource<FaultOrder> NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
