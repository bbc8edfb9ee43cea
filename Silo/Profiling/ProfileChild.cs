using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Parcae.Grains;
using Parcae.Grains.Profiling;

namespace Parcae.Silo.Profiling;

/// <summary>A worker's process, commanded over its standard input and output.</summary>
internal sealed class ProfileChild : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60), EndTimeout = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly Task _reading;
    private readonly Task<string> _errors;
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonElement>> _calls = new();
    private readonly TaskCompletionSource<PeerEndpoint> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _lastCall;

    private ProfileChild(string id, Process process)
    {
        (Id, _process) = (id, process);
        _errors = process.StandardError.ReadToEndAsync();
        _reading = Task.Run(ReadAsync);
    }

    /// <summary>Its name.</summary>
    public string Id { get; }

    /// <summary>Where its data plane listens.</summary>
    public PeerEndpoint Endpoint { get; private set; } = new("", "", 0);

    /// <summary>From its start until it could be given work.</summary>
    public TimeSpan StartTook { get; private set; }

    /// <summary>Takes in the steps that it reports.</summary>
    public Action<StepReport> Reported { get; set; } = _ => { };

    /// <summary>Takes in what keeps it from going on.</summary>
    public Action<string> Failed { get; set; } = _ => { };

    /// <summary>Starts one and waits until it is ready.</summary>
    /// <exception cref="ProfileException">It did not come up.</exception>
    public static async Task<ProfileChild> StartAsync(string id, int threads)
    {
        string host = Environment.ProcessPath!;
        bool managed = string.Equals(Path.GetFileNameWithoutExtension(host), "dotnet", StringComparison.OrdinalIgnoreCase);
        string[] arguments = ["profile-worker", "--instance-id", id, "--threads", $"{threads}", "--parent-pid", $"{Environment.ProcessId}"];
        var start = new ProcessStartInfo(host, managed ? [typeof(ProfileChild).Assembly.Location, .. arguments] : arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        foreach (var (name, value) in WorkerEnvironment.Variables) start.Environment[name] = value;
        start.Environment["OMP_NUM_THREADS"] = $"{threads}";
        long began = Stopwatch.GetTimestamp();
        var child = new ProfileChild(id, Process.Start(start) ?? throw new ProfileException($"{host} could not be started."));
        try
        {
            child.Endpoint = await child._ready.Task.WaitAsync(StartTimeout);
            child.StartTook = Stopwatch.GetElapsedTime(began);
            return child;
        }
        catch (Exception e) when (e is TimeoutException or ProfileException)
        {
            await child.DisposeAsync();
            throw new ProfileException($"Worker {id} did not come up: {e.Message}");
        }
    }

    /// <summary>Has it do something.</summary>
    /// <exception cref="ProfileException">It could not, or ended, or took longer than <paramref name="patience"/>.</exception>
    public async Task<T> CallAsync<T>(string name, object body, TimeSpan patience)
    {
        int id = Interlocked.Increment(ref _lastCall);
        var answer = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        _calls[id] = answer;
        try
        {
            await _process.StandardInput.WriteLineAsync(ProfileJson.Line(new ProfileCall(id, name, ProfileJson.Element(body))));
            await _process.StandardInput.FlushAsync();
            return ProfileJson.Read<T>(await answer.Task.WaitAsync(patience));
        }
        catch (Exception e) when (e is IOException or TimeoutException)
        {
            throw new ProfileException($"Worker {Id} did not answer '{name}' within {patience.TotalSeconds:0} s: {e.Message}");
        }
        finally
        {
            _calls.TryRemove(id, out _);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using (var patience = new CancellationTokenSource(EndTimeout))
        {
            try
            {
                await _process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill();
                await _process.WaitForExitAsync(CancellationToken.None);
            }
        }

        await _reading;
        _process.Dispose();
    }

    private async Task ReadAsync()
    {
        try
        {
            while (await _process.StandardOutput.ReadLineAsync() is { } line) Take(ProfileJson.Read<ProfileAnswer>(line));
        }
        catch (JsonException e)
        {
            _process.Kill();
            End($"worker {Id} wrote something else than an answer: {e.Message}");
            return;
        }

        string errors = await _errors;
        End($"worker {Id} ended{(errors.Length > 0 ? $": {errors[Math.Max(0, errors.Length - 2000)..].Trim()}" : "")}");
    }

    private void Take(ProfileAnswer answer)
    {
        if (answer.Ready is { } endpoint) _ready.TrySetResult(endpoint);
        if (answer.Report is { } report) Reported(report);
        if (answer.Broken is { } broken) Failed($"worker {broken.InstanceId} lost {broken.PeerInstanceId}: {broken.Message}");
        if (!_calls.TryGetValue(answer.Id, out var call)) return;
        if (answer.Error is { } error) call.TrySetException(new ProfileException(error));
        else call.TrySetResult(answer.Result ?? default);
    }

    private void End(string why)
    {
        _ready.TrySetException(new ProfileException(why));
        Failed(why);
        foreach (var call in _calls.Values) call.TrySetException(new ProfileException(why));
    }
}
