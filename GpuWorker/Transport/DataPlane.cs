using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Parcae.Grains;

namespace Parcae.GpuWorker.Transport;

/// <summary>
/// A process's end of the data plane: one listener, and whatever is open on it. Peers authenticate with the job's secret; a connection that says anything
/// unexpected is closed with a log line.
/// </summary>
public sealed partial class DataPlane : IAsyncDisposable
{
    private readonly Socket _listener;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<string, OpenJob> _jobs = new();
    private readonly ConcurrentDictionary<Wire, byte> _handshakes = new();
    private readonly ConcurrentDictionary<Wire, long> _wires = new();
    private readonly Thread _accepting;
    private long _wiresMade;
    private volatile bool _closed;

    private DataPlane(DataPlaneOptions options, string instanceId, ILogger logger)
    {
        if (options.Problems() is { Count: > 0 } problems) throw new ArgumentException(string.Join(' ', problems), nameof(options));
        (Options, InstanceId, _logger) = (options, instanceId, logger);
        Pool = new FramePool(options.PooledBytes);
        _listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(new IPEndPoint(IPAddress.Parse(options.BindAddress), options.Port));
        _listener.Listen(256);
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        _accepting = new Thread(Accept) { IsBackground = true, Name = "data-plane" };
        _accepting.Start();
    }

    /// <summary>The instance that this is the data plane of.</summary>
    public string InstanceId { get; }

    /// <summary>The port that it listens on.</summary>
    public int Port { get; }

    internal DataPlaneOptions Options { get; }

    internal FramePool Pool { get; }

    /// <summary>Called between the parts of a layer that is being sent, with the connection.</summary>
    internal Action<Wire>? MidTransfer { get; set; }

    /// <summary>The connections whose handshake is done, in the order in which they came about.</summary>
    internal IReadOnlyList<Wire> Wires => [.. _wires.OrderBy(w => w.Value).Select(w => w.Key)];

    private sealed class OpenJob(byte[] salt, byte[] secret)
    {
        public byte[] Salt { get; } = salt;

        public byte[] Secret { get; } = secret;

        public ConcurrentDictionary<int, Mesh> Meshes { get; } = new();

        public IStateSource? State { get; set; }

        public Action<Wire, Hello>? Shadows { get; set; }

        public int Newest => Meshes.Keys.DefaultIfEmpty(0).Max();
    }

    /// <summary>Begins to listen.</summary>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="SocketException">The port is taken.</exception>
    public static DataPlane Listen(DataPlaneOptions options, string instanceId, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new(options, instanceId, logger);
    }

    /// <summary>Opens a generation: from here on its peers can dial in.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="generation">The generation.</param>
    /// <param name="salt">What the job's secret is derived from, besides the service's.</param>
    public Mesh OpenMesh(string jobId, int generation, byte[] salt)
    {
        var job = Job(jobId, salt);
        var mesh = new Mesh(this, jobId, generation, job.Salt, m => job.Meshes.TryRemove(KeyValuePair.Create(generation, m)), _logger);
        return job.Meshes.TryAdd(generation, mesh) ? mesh : throw new InvalidOperationException($"Generation {generation} of job {jobId} is open already.");
    }

    /// <summary>Gives layers of a job to its instances until disposed.</summary>
    public IDisposable ServeState(string jobId, byte[] salt, IStateSource source)
    {
        var job = Job(jobId, salt);
        job.State = source;
        return new Serving(() =>
        {
            job.State = null;
            foreach (var mesh in job.Meshes.Values) mesh.Dispose();
            _jobs.TryRemove(jobId, out _);
        });
    }

    /// <summary>Has <paramref name="serve"/>, on a thread of each connection's own, take care of those who follow layers of a job that gives state; it closes the connection.</summary>
    internal void ServeShadows(string jobId, Action<Wire, Hello> serve) => _jobs[jobId].Shadows = serve;

    private sealed class Serving(Action end) : IDisposable
    {
        public void Dispose() => end();
    }

    /// <summary>Ends everything at once and without a farewell, as the end of the process would.</summary>
    internal void Abort()
    {
        _closed = true;
        _listener.Dispose();
        foreach (var wire in Wires.Concat(_handshakes.Keys)) wire.Shutdown(SocketShutdown.Both);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _closed = true;
        _listener.Dispose();
        _accepting.Join();
        foreach (var mesh in _jobs.Values.SelectMany(j => j.Meshes.Values)) mesh.Dispose();
        foreach (var wire in _handshakes.Keys) wire.Shutdown(SocketShutdown.Both);
        Pool.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Connects to a peer and proves who this is.</summary>
    internal Wire Dial(PeerEndpoint peer, ConnectionPurpose purpose, string jobId, int generation, byte[] salt, CancellationToken cancellation)
    {
        Socket socket;
        try
        {
            socket = Dialer.Connect(peer.Host, peer.Port, Deadline.In(Options.ConnectTimeout), cancellation);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{peer.InstanceId} at {peer.Host}:{peer.Port} could not be reached within {Options.ConnectTimeout.TotalSeconds} s.", e);
        }

        Wire? wire = null;
        try
        {
            wire = new Wire(socket, Options);
            using var cut = cancellation.Register(static w => ((Wire)w!).Shutdown(SocketShutdown.Both), wire);
            string trace = System.Diagnostics.Activity.Current?.Id ?? "";
            var deadline = Deadline.In(Options.HandshakeTimeout);
            if (Options.Tls is { } tls) wire.Encrypt(tls, peer.Host, deadline);
            Handshake.Dial(wire, new Hello(purpose, jobId, generation, InstanceId, peer.InstanceId, trace), Options.Secret.OfJob(jobId, salt), deadline);
            Track(wire);
            return wire;
        }
        catch
        {
            wire?.Dispose();
            socket.Dispose();
            cancellation.ThrowIfCancellationRequested();
            throw;
        }
    }

    private OpenJob Job(string jobId, byte[] salt) => _jobs.GetOrAdd(jobId, _ => new OpenJob(salt, Options.Secret.OfJob(jobId, salt)));

    private void Track(Wire wire)
    {
        wire.Closed = w => _wires.TryRemove(w, out _);
        _wires.TryAdd(wire, Interlocked.Increment(ref _wiresMade));
    }

    private void Accept()
    {
        while (!_closed)
        {
            Socket socket;
            try
            {
                socket = _listener.Accept();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                if (_closed) return;
                LogAcceptFailed(e);
                continue;
            }
            var wire = new Wire(socket, Options);
            if (_handshakes.Count >= Options.MaxPendingHandshakes || !_handshakes.TryAdd(wire, 0))
            {
                wire.Dispose();
                continue;
            }
            // A thread of its own: a handshake blocks, and a state transfer may go on for long.
            new Thread(() => Greet(wire)) { IsBackground = true, Name = "data-plane-peer" }.Start();
        }
    }

    private void Greet(Wire wire)
    {
        try
        {
            var deadline = Deadline.In(Options.HandshakeTimeout);
            if (Options.Tls is { } tls) wire.Encrypt(tls, null, deadline);
            var (hello, refusal) = Handshake.Accept(wire, Decide, deadline);
            if (refusal is not null)
            {
                LogRefused(wire.Remote, hello.From, hello.JobId, hello.Generation, refusal.Value);
                wire.Dispose();
                return;
            }
            _handshakes.TryRemove(wire, out _);
            Track(wire);
            if (!_jobs.TryGetValue(hello.JobId, out var job)) wire.Dispose();
            else if (hello.Purpose == ConnectionPurpose.State && job.State is { } state) StateServer.Run(wire, hello, state, Options, MidTransfer, _logger);
            else if (hello.Purpose == ConnectionPurpose.Shadow && job.Shadows is { } shadows) shadows(wire, hello);
            else if (hello.Purpose == ConnectionPurpose.Mesh && job.Meshes.TryGetValue(hello.Generation, out var mesh)) mesh.Read(hello.From, wire);
            else wire.Dispose();
        }
        catch (Exception e) when (e is SocketException or IOException or TimeoutException or FrameException or ObjectDisposedException)
        {
            LogBadHandshake(wire.Remote, e.Message);
            wire.Dispose();
        }
        finally
        {
            _handshakes.TryRemove(wire, out _);
        }
    }

    private (byte[]? Secret, HandshakeRefusal Refusal, int Generation) Decide(Hello hello)
    {
        if (hello.To != InstanceId) return (null, HandshakeRefusal.WrongInstance, 0);
        if (!_jobs.TryGetValue(hello.JobId, out var job)) return (null, HandshakeRefusal.UnknownJob, 0);
        int newest = job.Newest;
        return hello.Purpose switch
        {
            ConnectionPurpose.State => job.State is null ? (null, HandshakeRefusal.NoState, newest) : (job.Secret, default, newest),
            ConnectionPurpose.Shadow => job.Shadows is null ? (null, HandshakeRefusal.NoState, newest) : (job.Secret, default, newest),
            ConnectionPurpose.Mesh when job.Meshes.ContainsKey(hello.Generation) => (job.Secret, default, newest),
            ConnectionPurpose.Mesh => (null, hello.Generation < newest ? HandshakeRefusal.StaleGeneration : HandshakeRefusal.UnknownGeneration, newest),
            _ => (null, HandshakeRefusal.WrongProtocol, newest),
        };
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A connection from {Remote} was refused: instance {From}, job {JobId}, generation {Generation}: {Refusal}.")]
    private partial void LogRefused(string remote, string from, string jobId, int generation, HandshakeRefusal refusal);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A connection from {Remote} was closed: {Reason}")]
    private partial void LogBadHandshake(string remote, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Accepting a connection failed.")]
    private partial void LogAcceptFailed(Exception e);
}
