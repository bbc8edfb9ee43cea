using Parcae.Liveput.Costs.Constants;

namespace Parcae.Liveput.Profiles.Reading;

/// <summary>Reads the JSON of a profile and refuses what the planner could not use.</summary>
internal ref struct ProfileReader
{
    private static readonly MemberSet Members = new(
        "a profile",
        ["model", "globalBatch", "layers", "measured"],
        ["$schema", "source", "microBatch", "instanceType", "optimizer", "optimizerStatesPerParameter", "bytesPerValue", "pipelineDepth", "pipelines", "sequenceLength", "hiddenSize", "vocabulary",
            "linkBytesPerSecond", "prices", "modelBuildMs", "restartExtraMs", "processStartMs", "rendezvousMs", "checkpointMs", "groups", "transferMs"]);

    private static readonly MemberSet DepthMembers = new("pipelineDepth", [], ["min", "max", "excluded"]);
    private static readonly MemberSet PipelineMembers = new("pipelines", [], ["excluded"]);
    private static readonly MemberSet PriceMembers = new("prices", ["spotPerHour", "onDemandPerHour"], []);
    private static readonly MemberSet LayerMembers = new("a layer", ["parameters", "forwardMs"], ["backwardMs", "optimizerMs", "activationMiB"]);
    private static readonly MemberSet MeasuredMembers = new("a measurement", ["pipelines", "depth", "samplesPerSecond"], ["stepMs"]);

    private readonly List<ProfileLayer> _layers = [];
    private readonly List<ProfileMeasurement> _measured = [];
    private readonly List<int> _measuredAt = [];
    private ProfileTokens _json;
    private int _modelBuildAt;

    private ProfileReader(string file, ReadOnlySpan<byte> content) => _json = new ProfileTokens(file, content);

    /// <summary>Reads valid UTF-8.</summary>
    /// <exception cref="ProfileFormatException">It is not a profile.</exception>
    public static ProfileDocument Read(string file, ReadOnlySpan<byte> content)
    {
        var reader = new ProfileReader(file, content);
        var document = reader.Document();
        reader.Check(document);
        return document;
    }

    private ProfileDocument Document()
    {
        var document = new ProfileDocument { Model = "", GlobalBatch = 0, Layers = _layers, Measured = _measured };
        ulong seen = 0;
        _json.Advance();
        _json.BeginObject($"an object with {Members.Required}");
        while (_json.Member(Members, ref seen, out string name))
        {
            switch (name)
            {
                case "$schema": _ = _json.Text(); break;
                case "layers": Layers(); break;
                case "measured": Measured(); break;
                default: document = With(document, name); break;
            }
        }

        _json.End();
        return document;
    }

    private ProfileDocument With(ProfileDocument document, string name) => name switch
    {
        "model" => document with { Model = _json.Text() },
        "source" => document with { Source = _json.Text() },
        "instanceType" => document with { InstanceType = _json.Text() },
        "optimizer" => document with { Optimizer = _json.Text() },
        "globalBatch" => document with { GlobalBatch = _json.Whole(ProfileLimits.MaxCount) },
        "microBatch" => document with { MicroBatch = _json.Whole(ProfileLimits.MaxCount) },
        "optimizerStatesPerParameter" => document with { OptimizerStatesPerParameter = _json.Whole(16, min: 0) },
        "bytesPerValue" => document with { BytesPerValue = _json.Whole(16) },
        "sequenceLength" => document with { SequenceLength = _json.Whole(ProfileLimits.MaxCount) },
        "hiddenSize" => document with { HiddenSize = _json.Whole(ProfileLimits.MaxCount) },
        "vocabulary" => document with { Vocabulary = _json.Whole(ProfileLimits.MaxCount) },
        "linkBytesPerSecond" => document with { LinkBytesPerSecond = _json.Number(ProfileLimits.MaxBytes, min: 1) },
        "pipelineDepth" => document with { PipelineDepth = Depths() },
        "pipelines" => document with { ExcludedPipelines = Pipelines() },
        "prices" => document with { Prices = Prices() },
        "modelBuildMs" => document with { ModelBuildMs = ModelBuild() },
        "restartExtraMs" => document with { RestartExtraMs = _json.Number(ProfileLimits.MaxMs) },
        "processStartMs" => document with { ProcessStartMs = _json.Number(ProfileLimits.MaxMs) },
        "rendezvousMs" => document with { RendezvousMs = _json.Number(ProfileLimits.MaxMs) },
        "checkpointMs" => document with { CheckpointMs = _json.Number(ProfileLimits.MaxMs) },
        "groups" => document with { Groups = GroupsReader.Read(ref _json) },
        _ => document with { TransferMs = TransferReader.Read(ref _json) },
    };

    private ProfileDepths Depths()
    {
        int min = 1, max = ProfileLimits.MaxCount;
        IReadOnlyList<int> excluded = [];
        ulong seen = 0;
        _json.BeginObject("an object with min, max or excluded");
        int at = _json.Position;
        while (_json.Member(DepthMembers, ref seen, out string name))
        {
            if (name == "min") min = _json.Whole(ProfileLimits.MaxCount);
            else if (name == "max") max = _json.Whole(ProfileLimits.MaxCount);
            else excluded = Excluded();
        }

        return max >= min
            ? new ProfileDepths(min, max, excluded)
            : throw _json.ErrorAt(at, "pipelineDepth.max", $"pipelineDepth.max is {max}; it must be at least pipelineDepth.min, {min}");
    }

    private IReadOnlyList<int> Pipelines()
    {
        IReadOnlyList<int> excluded = [];
        ulong seen = 0;
        _json.BeginObject("an object with excluded");
        while (_json.Member(PipelineMembers, ref seen, out _)) excluded = Excluded();
        return excluded;
    }

    private int[] Excluded()
    {
        var excluded = new HashSet<int>();
        _json.BeginList("a list of whole numbers");
        while (_json.Item())
        {
            if (excluded.Count == ProfileLimits.MaxExcluded) throw _json.Wrong($"left out: a list of excluded values holds at most {ProfileLimits.MaxExcluded}");
            if (!excluded.Add(_json.Whole(ProfileLimits.MaxPipelines))) throw _json.Wrong("another number than those before it");
        }

        return [.. excluded];
    }

    private InstancePrices Prices()
    {
        double spot = 0, onDemand = 0;
        ulong seen = 0;
        _json.BeginObject($"an object with {PriceMembers.Required}");
        while (_json.Member(PriceMembers, ref seen, out string name))
        {
            double price = _json.Number(ProfileLimits.MaxNumber);
            if (name == "spotPerHour") spot = price;
            else onDemand = price;
        }

        return new InstancePrices(spot, onDemand);
    }

    private Dictionary<int, double> ModelBuild()
    {
        var builds = new Dictionary<int, double>();
        _modelBuildAt = _json.Position;
        _json.BeginObject("an object of milliseconds by depth");
        while (_json.Key("a depth", ProfileLimits.MaxLayers, out long depth))
        {
            if (!builds.TryAdd((int)depth, _json.Number(ProfileLimits.MaxMs))) throw _json.Error($"{_json.Path()} is there twice; it must be there once");
        }

        return builds;
    }

    private void Layers()
    {
        _json.BeginList("a list of layers");
        while (_json.Item())
        {
            if (_layers.Count == ProfileLimits.MaxLayers) throw _json.Error($"{_json.Path()} is beyond the last that there may be; layers must hold from 1 to {ProfileLimits.MaxLayers}");
            var layer = new ProfileLayer();
            ulong seen = 0;
            _json.BeginObject($"an object with {LayerMembers.Required}");
            while (_json.Member(LayerMembers, ref seen, out string name))
            {
                layer = name switch
                {
                    "parameters" => layer with { Parameters = _json.Number(ProfileLimits.MaxLayerParameters) },
                    "forwardMs" => layer with { ForwardMs = _json.Number(ProfileLimits.MaxMs) },
                    "backwardMs" => layer with { BackwardMs = _json.Number(ProfileLimits.MaxMs) },
                    "optimizerMs" => layer with { OptimizerMs = _json.Number(ProfileLimits.MaxMs) },
                    _ => layer with { ActivationMiB = _json.Number(ProfileLimits.MaxNumber) },
                };
            }

            _layers.Add(layer);
        }

        if (_layers.Count == 0) throw _json.Error($"layers is empty; it must hold from 1 to {ProfileLimits.MaxLayers}");
    }

    private void Measured()
    {
        _json.BeginList("a list of measurements");
        while (_json.Item())
        {
            if (_measured.Count == ProfileLimits.MaxMeasured) throw _json.Error($"{_json.Path()} is beyond the last that there may be; measured must hold from 1 to {ProfileLimits.MaxMeasured}");
            var measurement = new ProfileMeasurement();
            ulong seen = 0;
            _measuredAt.Add(_json.Position);
            _json.BeginObject($"an object with {MeasuredMembers.Required}");
            while (_json.Member(MeasuredMembers, ref seen, out string name))
            {
                measurement = name switch
                {
                    "pipelines" => measurement with { Pipelines = _json.Whole(ProfileLimits.MaxPipelines) },
                    "depth" => measurement with { Depth = _json.Whole(ProfileLimits.MaxLayers) },
                    "samplesPerSecond" => measurement with { SamplesPerSecond = _json.Number(ProfileLimits.MaxNumber, above: true) },
                    _ => measurement with { StepMs = _json.Number(ProfileLimits.MaxMs, above: true) },
                };
            }

            _measured.Add(measurement);
        }

        if (_measured.Count == 0) throw _json.Error($"measured is empty; it must hold from 1 to {ProfileLimits.MaxMeasured}");
    }

    /// <summary>Refuses members that are right each for itself, but not together.</summary>
    private readonly void Check(ProfileDocument document)
    {
        var once = new Dictionary<(int, int), int>();
        int deepest = 0, widest = 0;
        bool plans = false;
        for (int i = 0; i < _measured.Count; i++)
        {
            var m = _measured[i];
            if (m.Depth > _layers.Count) throw Wrong(i, "depth", $"{m.Depth}; it must be at most the number of layers, {_layers.Count}");
            if (!once.TryAdd((m.Pipelines, m.Depth), i)) throw Wrong(i, "", $"{m.Pipelines} x {m.Depth}, which is measured[{once[(m.Pipelines, m.Depth)]}] too; each strategy must be there once");
            (deepest, widest) = (Math.Max(deepest, m.Depth), Math.Max(widest, m.Pipelines));
            if ((long)deepest * widest > ProfileLimits.MaxCells)
            {
                throw Wrong(i, "", $"{m.Pipelines} x {m.Depth}, and with it the most pipelines times the greatest depth {widest} x {deepest}; it must be at most {ProfileLimits.MaxCells}");
            }

            if (deepest * _layers.Count > ProfileLimits.MaxDepthTimesLayers)
            {
                throw Wrong(i, "depth", $"{m.Depth}, and there are {_layers.Count} layers; a depth times the number of layers must be at most {ProfileLimits.MaxDepthTimesLayers}");
            }

            if (!document.Plans(m)) continue;
            plans = true;
            if (document.ModelBuildMs is { } builds && !builds.ContainsKey(m.Depth))
            {
                throw _json.ErrorAt(_modelBuildAt, $"modelBuildMs.{m.Depth}", $"modelBuildMs.{m.Depth} is missing; measured[{i}] has that depth, so modelBuildMs must have it");
            }
        }

        if (!plans) throw _json.ErrorAt(_measuredAt[0], "measured", $"measured holds {_measured.Count}, and pipelineDepth and pipelines leave none of them; they must leave at least one");
    }

    private readonly ProfileFormatException Wrong(int index, string member, string problem)
    {
        string path = $"measured[{index}]{(member.Length > 0 ? "." : "")}{member}";
        return _json.ErrorAt(_measuredAt[index], path, $"{path} is {problem}");
    }
}
