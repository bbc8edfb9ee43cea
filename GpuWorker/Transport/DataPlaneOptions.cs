using Parcae.Grains.Security;

namespace Parcae.GpuWorker.Transport;

/// <summary>Settings of a process's data plane. <c>TCP_NODELAY</c> is always on.</summary>
public sealed record DataPlaneOptions
{
    /// <summary>Address to listen on, an IP address. The default value is <c>127.0.0.1</c>: one machine.</summary>
    public string BindAddress { get; init; } = "127.0.0.1";

    /// <summary>Port to listen on; 0 takes a free one. The default value is 0.</summary>
    public int Port { get; init; }

    /// <summary>With which the data plane speaks TLS, and nothing else. The default value is null: no TLS.</summary>
    public MutualTls? Tls { get; init; }

    /// <summary>What the secrets of jobs are derived from, the same on all instances. The default value is <see cref="ServiceSecret.ThisMachine"/>.</summary>
    public ServiceSecret Secret { get; init; } = ServiceSecret.ThisMachine;

    /// <summary>Longest payload of one frame, bytes; a longer one closes the connection. The default value is 256 MiB.</summary>
    public int MaxFrameBytes { get; init; } = 256 << 20;

    /// <summary>Longest time from a connection to the end of its handshake. The default value is 5 s.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Handshakes of dialers in progress at a time; further connections are closed. The default value is 64.</summary>
    public int MaxPendingHandshakes { get; init; } = 64;

    /// <summary>Longest time to establish a TCP connection, and for a mesh to wait for its peers to dial in. The default value is 10 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long to probe whether the process behind a broken connection still listens. The default value is 200 ms.</summary>
    public TimeSpan ProbeTimeout { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How long a closing connection tries to deliver what is queued and its farewell before it is cut. The default value is 1 s.</summary>
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Send and receive buffer of a socket, bytes; 0 leaves it to the operating system, which tunes it. The default value is 0.</summary>
    public int SocketBufferBytes { get; init; }

    /// <summary>Idle time after which TCP probes a silent peer, then every second, five times. The default value is 5 s.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Silence after which a peer of a generation counts as lost, and a holder that has begun to send state; whoever has nothing to say gives a sign of life five times in it. The same on all instances. The default value is 5 s.
    /// </summary>
    public TimeSpan HeartbeatTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a computing thread may give no sign of getting on, which it does with each pass of a micro-batch through the stage, before this instance gives none either; and how long a holder of state may take to begin an answer. The default value is 1 min.
    /// </summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Bytes queued to one peer up to which a send never blocks; beyond it the sender waits, and a state vault is cut off. Also the bytes of gradients that a vault takes ahead of the step that
    /// it applies. The default value is 256 MiB.
    /// </summary>
    public long SendQueueBytes { get; init; } = 256L << 20;

    /// <summary>Bytes of returned buffers kept for reuse. The default value is 128 MiB.</summary>
    public long PooledBytes { get; init; } = 128L << 20;

    /// <summary>Payload of one chunk of a state transfer, bytes, the same at both ends. The default value is 256 KiB: it is still in the cache when its checksum is taken.</summary>
    public int StateChunkBytes { get; init; } = 256 << 10;

    /// <summary>Bytes of a layer that are asked of one holder at a time, a multiple of 4. The default value is 4 MiB: lost time when a holder dies, and the last ones that a slow holder gives.</summary>
    public int StateRangeBytes { get; init; } = 4 << 20;

    /// <summary>Most holders that one layer comes from at the same time; further ones are in reserve. The default value is 4.</summary>
    public int StateSources { get; init; } = 4;

    /// <summary>Everything that is wrong with the settings, one sentence each; empty when they are usable.</summary>
    public IReadOnlyList<string> Problems()
    {
        var problems = new List<string>();
        void Check(bool ok, string member, object value, string range)
        {
            if (!ok) problems.Add($"{nameof(DataPlaneOptions)}.{member} is {value}; it must be {range}.");
        }

        void CheckTime(TimeSpan value, string member) =>
            Check(value >= TimeSpan.FromMilliseconds(1) && value <= TimeSpan.FromMinutes(10), member, value, "from 1 ms to 10 min");

        Check(System.Net.IPAddress.TryParse(BindAddress, out _), nameof(BindAddress), $"'{BindAddress}'", "an IP address");
        Check(Port is >= 0 and <= 65535, nameof(Port), Port, "from 0 to 65535");
        Check(MaxFrameBytes is >= 1024 and <= 1 << 30, nameof(MaxFrameBytes), MaxFrameBytes, "from 1 KiB to 1 GiB");
        CheckTime(HandshakeTimeout, nameof(HandshakeTimeout));
        Check(MaxPendingHandshakes is >= 1 and <= 4096, nameof(MaxPendingHandshakes), MaxPendingHandshakes, "from 1 to 4096");
        CheckTime(ConnectTimeout, nameof(ConnectTimeout));
        CheckTime(ProbeTimeout, nameof(ProbeTimeout));
        CheckTime(CloseTimeout, nameof(CloseTimeout));
        Check(SocketBufferBytes is 0 or (>= 4096 and <= 1 << 30), nameof(SocketBufferBytes), SocketBufferBytes, "0, or from 4 KiB to 1 GiB");
        Check(KeepAlive >= TimeSpan.FromSeconds(1) && KeepAlive <= TimeSpan.FromHours(2), nameof(KeepAlive), KeepAlive, "from 1 s to 2 h");
        CheckTime(HeartbeatTimeout, nameof(HeartbeatTimeout));
        Check(StallTimeout >= TimeSpan.FromMilliseconds(1) && StallTimeout <= TimeSpan.FromDays(1), nameof(StallTimeout), StallTimeout, "from 1 ms to 1 day");
        Check(SendQueueBytes >= 1 << 20, nameof(SendQueueBytes), SendQueueBytes, "at least 1 MiB");
        Check(PooledBytes >= 0, nameof(PooledBytes), PooledBytes, "at least 0");
        Check(StateChunkBytes >= 4096 && StateChunkBytes <= MaxFrameBytes, nameof(StateChunkBytes), StateChunkBytes, $"from 4 KiB to {nameof(MaxFrameBytes)} ({MaxFrameBytes})");
        Check(StateRangeBytes is >= 4096 and <= 1 << 30 && StateRangeBytes % 4 == 0, nameof(StateRangeBytes), StateRangeBytes, "a multiple of 4 from 4 KiB to 1 GiB");
        Check(StateSources is >= 1 and <= 64, nameof(StateSources), StateSources, "from 1 to 64");
        return problems;
    }
}
