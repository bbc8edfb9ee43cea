using System.Text;

namespace Parcae.Liveput.Tests.Profiles;

/// <summary>A small profile with every kind of member, and what can be wrong with it: a part of it, what is put in its place, and the whole message.</summary>
internal static class MalformedProfiles
{
    public const string Sound = """
        {
          "model": "m",
          "globalBatch": 8,
          "pipelineDepth": {"min": 1, "max": 2, "excluded": [7]},
          "pipelines": {"excluded": [5]},
          "linkBytesPerSecond": 1e9,
          "prices": {"spotPerHour": 1, "onDemandPerHour": 3},
          "modelBuildMs": {"1": 10, "2": 20},
          "groups": {"kind": "pipelines", "steps": [[4, 20], [0, 10]], "joinFactor": 1.5},
          "transferMs": {"10": 1, "1000": 50},
          "layers": [
            {"parameters": 1000, "forwardMs": 1.5},
            {"parameters": 2000, "forwardMs": 2.5}
          ],
          "measured": [
            {"pipelines": 1, "depth": 1, "samplesPerSecond": 3},
            {"pipelines": 2, "depth": 2, "samplesPerSecond": 9}
          ]
        }
        """;

    private const string Ms = "a number from 0 to 1000000000", Count = "a whole number from 1 to 1000000000", Steps = "[pipelines, milliseconds]",
        Name = "a text of 1 to 1000 characters, none of them a control character", All = "model, globalBatch, layers, measured, $schema, source, microBatch, instanceType, optimizer, optimizerStatesPerParameter, "
            + "bytesPerValue, pipelineDepth, pipelines, sequenceLength, hiddenSize, vocabulary, linkBytesPerSecond, prices, modelBuildMs, restartExtraMs, processStartMs, rendezvousMs, checkpointMs, groups, transferMs";

    /// <summary>The schema refuses these too.</summary>
    public static TheoryData<string, string, string> InAMember => new()
    {
        // Missing and unknown members.
        { "  \"model\": \"m\",\n", "", "p:18: model is missing; a profile must have model, globalBatch, layers and measured." },
        { "\"globalBatch\": 8,", "", "p:19: globalBatch is missing; a profile must have model, globalBatch, layers and measured." },
        { "\"parameters\": 2000, ", "", "p:13: layers[1].parameters is missing; a layer must have parameters and forwardMs." },
        { ", \"forwardMs\": 1.5", "", "p:12: layers[0].forwardMs is missing; a layer must have parameters and forwardMs." },
        { "\"depth\": 2, ", "", "p:17: measured[1].depth is missing; a measurement must have pipelines, depth and samplesPerSecond." },
        { ", \"onDemandPerHour\": 3", "", "p:7: prices.onDemandPerHour is missing; prices must have spotPerHour and onDemandPerHour." },
        { "\"kind\": \"pipelines\", ", "", "p:9: groups.kind is missing; groups must have kind." },
        { "\"globalBatch\": 8", "\"globalBatch\": 8, \"colour\": \"red\"", $"p:3: colour is not a member of a profile; it must be one of {All}." },
        { "\"model\"", "\"Model\"", $"p:2: Model is not a member of a profile; it must be one of {All}." },
        { "\"forwardMs\": 2.5", "\"forwardMs\": 2.5, \"forward\": 1", "p:13: layers[1].forward is not a member of a layer; it must be one of parameters, forwardMs, backwardMs, optimizerMs, activationMiB." },
        { "\"max\": 2", "\"most\": 2", "p:4: pipelineDepth.most is not a member of pipelineDepth; it must be one of min, max, excluded." },

        // Wrong types.
        { "\"m\"", "3", $"p:2: model is 3; it must be {Name}." },
        { "\"m\"", "\"  \"", $"p:2: model is '  '; it must be {Name}." },
        { "\"globalBatch\": 8", "\"globalBatch\": \"8\"", $"p:3: globalBatch is '8'; it must be {Count}." },
        { "\"globalBatch\": 8", "\"globalBatch\": 8.5", $"p:3: globalBatch is 8.5; it must be {Count}." },
        { "\"globalBatch\": 8", "\"globalBatch\": 8, \"microBatch\": true", $"p:3: microBatch is true; it must be {Count}." },
        { "{\"min\": 1, \"max\": 2, \"excluded\": [7]}", "2", "p:4: pipelineDepth is 2; it must be an object with min, max or excluded." },
        { "{\"excluded\": [5]}", "[5]", "p:5: pipelines is a list; it must be an object with excluded." },
        { "{\"1\": 10, \"2\": 20}", "[10, 20]", "p:8: modelBuildMs is a list; it must be an object of milliseconds by depth." },
        { "{\"10\": 1, \"1000\": 50}", "[[10, 1]]", "p:10: transferMs is a list; it must be an object of milliseconds by bytes." },
        { "    {\"parameters\": 1000, \"forwardMs\": 1.5}", "    1.5", "p:12: layers[0] is 1.5; it must be an object with parameters and forwardMs." },
        { "{\"pipelines\": 2, \"depth\": 2, \"samplesPerSecond\": 9}", "[2, 2, 9]", "p:17: measured[1] is a list; it must be an object with pipelines, depth and samplesPerSecond." },
        { "1000, \"forwardMs\": 1.5", "1000, \"forwardMs\": {}", $"p:12: layers[0].forwardMs is an object; it must be {Ms}." },

        // Numbers out of range.
        { "\"globalBatch\": 8", "\"globalBatch\": 0", $"p:3: globalBatch is 0; it must be {Count}." },
        { "\"globalBatch\": 8", "\"globalBatch\": 3000000000", $"p:3: globalBatch is 3000000000; it must be {Count}." },
        { "\"globalBatch\": 8", "\"globalBatch\": 8, \"bytesPerValue\": 0", "p:3: bytesPerValue is 0; it must be a whole number from 1 to 16." },
        { "\"globalBatch\": 8", "\"globalBatch\": 8, \"optimizerStatesPerParameter\": -1", "p:3: optimizerStatesPerParameter is -1; it must be a whole number from 0 to 16." },
        { "\"globalBatch\": 8", "\"globalBatch\": 8, \"rendezvousMs\": -1", $"p:3: rendezvousMs is -1; it must be {Ms}." },
        { "1e9", "0", "p:6: linkBytesPerSecond is 0; it must be a number from 1 to 1000000000000000." },
        { "1e9", "1e400", "p:6: linkBytesPerSecond is 1e400; it must be a number from 1 to 1000000000000000." },
        { "\"spotPerHour\": 1", "\"spotPerHour\": -1", "p:7: prices.spotPerHour is -1; it must be a number from 0 to 1000000000000." },
        { "\"parameters\": 1000", "\"parameters\": -1", "p:12: layers[0].parameters is -1; it must be a number from 0 to 1000000000000." },
        { "\"parameters\": 1000", "\"parameters\": 1e13", "p:12: layers[0].parameters is 1e13; it must be a number from 0 to 1000000000000." },
        { "\"forwardMs\": 1.5", "\"forwardMs\": 1e400", $"p:12: layers[0].forwardMs is 1e400; it must be {Ms}." },
        { "\"pipelines\": 2", "\"pipelines\": 2147483648", "p:17: measured[1].pipelines is 2147483648; it must be a whole number from 1 to 100000." },
        { "\"pipelines\": 2", "\"pipelines\": 0", "p:17: measured[1].pipelines is 0; it must be a whole number from 1 to 100000." },
        { "\"depth\": 2", "\"depth\": 1001", "p:17: measured[1].depth is 1001; it must be a whole number from 1 to 1000." },
        { "\"samplesPerSecond\": 9", "\"samplesPerSecond\": 0", "p:17: measured[1].samplesPerSecond is 0; it must be a number above 0, at most 1000000000000." },
        { "\"samplesPerSecond\": 9", "\"samplesPerSecond\": 9, \"stepMs\": -2", "p:17: measured[1].stepMs is -2; it must be a number above 0, at most 1000000000." },
        { "\"2\": 20", "\"2\": -20", $"p:8: modelBuildMs.2 is -20; it must be {Ms}." },
        { "\"2\": 20", "\"0\": 20", "p:8: modelBuildMs.0 is not a depth; it must be a whole number from 1 to 1000." },
        { "\"2\": 20", "\"02\": 20", "p:8: modelBuildMs.02 is not a depth; it must be a whole number from 1 to 1000." },
        { "\"2\": 20", "\"1001\": 20", "p:8: modelBuildMs.1001 is not a depth; it must be a whole number from 1 to 1000." },
        { "\"2\": 20", "\"two\": 20", "p:8: modelBuildMs.two is not a depth; it must be a whole number from 1 to 1000." },
        { "\"1000\": 50", "\"1e3\": 50", "p:10: transferMs.1e3 is not a number of bytes; it must be a whole number from 1 to 1000000000000000." },
        { "\"1000\": 50", "\"99999999999999999999\": 50", "p:10: transferMs.99999999999999999999 is not a number of bytes; it must be a whole number from 1 to 1000000000000000." },
        { "\"1000\": 50", "\"1000\": 0", "p:10: transferMs.1000 is 0; it must be a number above 0, at most 1000000000." },

        // Nulls where something must be.
        { "\"m\"", "null", $"p:2: model is null; it must be {Name}." },
        { "    {\"parameters\": 1000, \"forwardMs\": 1.5}", "    null", "p:12: layers[0] is null; it must be an object with parameters and forwardMs." },
        { "{\"pipelines\": 1, \"depth\": 1, \"samplesPerSecond\": 3}", "null", "p:16: measured[0] is null; it must be an object with pipelines, depth and samplesPerSecond." },
        { "\"depth\": 1", "\"depth\": null", "p:16: measured[0].depth is null; it must be a whole number from 1 to 1000." },
        { "\"spotPerHour\": 1", "\"spotPerHour\": null", "p:7: prices.spotPerHour is null; it must be a number from 0 to 1000000000000." },
        { "\"2\": 20", "\"2\": null", $"p:8: modelBuildMs.2 is null; it must be {Ms}." },
        { "[7]", "[null]", "p:4: pipelineDepth.excluded[0] is null; it must be a whole number from 1 to 100000." },
        { "\"kind\": \"pipelines\"", "\"kind\": null", "p:9: groups.kind is null; it must be communicators, instances or pipelines." },
        { "[4, 20]", "null", $"p:9: groups.steps[0] is null; it must be {Steps}." },

        // Excluded values.
        { "[7]", "[7, 0]", "p:4: pipelineDepth.excluded[1] is 0; it must be a whole number from 1 to 100000." },
        { "[7]", "[7, 2.5]", "p:4: pipelineDepth.excluded[1] is 2.5; it must be a whole number from 1 to 100000." },
        { "[7]", "[7, 8, 7]", "p:4: pipelineDepth.excluded[2] is 7; it must be another number than those before it." },
        { "[5]", "[-5]", "p:5: pipelines.excluded[0] is -5; it must be a whole number from 1 to 100000." },
        { "[5]", "5", "p:5: pipelines.excluded is 5; it must be a list of whole numbers." },
        { "[5]", $"[{string.Join(',', Enumerable.Range(1, 1001))}]", "p:5: pipelines.excluded[1000] is 1001; it must be left out: a list of excluded values holds at most 1000." },

        // Groups.
        { "\"kind\": \"pipelines\"", "\"kind\": \"rings\"", "p:9: groups.kind is 'rings'; it must be communicators, instances or pipelines." },
        { "\"kind\": \"pipelines\"", "\"kind\": \"instances\"", "p:9: groups.joinMs is missing; groups of kind instances must have joinMs and leaveMs." },
        { "\"kind\": \"pipelines\"", "\"kind\": \"communicators\", \"joinMs\": 3", "p:9: groups.leaveMs is missing; groups of kind communicators must have joinMs and leaveMs." },
        { "\"kind\": \"pipelines\"", "\"kind\": \"communicators\", \"joinMs\": 3, \"leaveMs\": 3", "p:9: groups.steps is there; groups of kind communicators must have joinMs and leaveMs, and not steps." },
        { "\"joinFactor\": 1.5", "\"joinFactor\": 1.5, \"joinMs\": 3", "p:9: groups.joinMs is there; groups of kind pipelines must have steps and joinFactor, and not joinMs." },
        { ", \"joinFactor\": 1.5", "", "p:9: groups.joinFactor is missing; groups of kind pipelines must have steps and joinFactor." },
        { "\"steps\": [[4, 20], [0, 10]], ", "", "p:9: groups.steps is missing; groups of kind pipelines must have steps and joinFactor." },
        { "[[4, 20], [0, 10]]", "[]", "p:9: groups.steps is empty; it must hold at least one step, the last from 0 pipelines on." },
        { "[4, 20]", "[]", $"p:9: groups.steps[0] is empty; it must be {Steps}." },
        { "[4, 20]", "[4]", $"p:9: groups.steps[0] holds 1; it must be {Steps}." },
        { "[4, 20]", "[4, 20, 5]", $"p:9: groups.steps[0][2] is 5; it must be left out: a step is {Steps}." },
        { "[4, 20]", "[4, -20]", $"p:9: groups.steps[0][1] is -20; it must be {Ms}." },

        // Counts.
        { "{\"10\": 1, \"1000\": 50}", "{}", "p:10: transferMs is empty; it must hold from 1 to 10000." },
        { "\"model\": \"m\"", "\"model\": \"m\", \"source\": \"" + new string('x', 1001) + "\"", $"p:2: source is '{new string('x', 40)}...'; it must be {Name}." },
    };

    /// <summary>Each member for itself is as the schema asks, but they do not go together.</summary>
    public static TheoryData<string, string, string> Together => new()
    {
        { "\"model\": \"m\"", "\"model\": \"m\", \"model\": \"n\"", "p:2: model is there twice; it must be there once." },
        { "\"forwardMs\": 2.5", "\"forwardMs\": 2.5, \"forwardMs\": 2.5", "p:13: layers[1].forwardMs is there twice; it must be there once." },
        { "\"2\": 20", "\"2\": 20, \"2\": 20", "p:8: modelBuildMs.2 is there twice; it must be there once." },
        { "\"1000\": 50", "\"10\": 50", "p:10: transferMs.10 is there twice; it must be there once." },
        { "\"min\": 1", "\"min\": 3", "p:4: pipelineDepth.max is 2; it must be at least pipelineDepth.min, 3." },
        { "\"depth\": 2", "\"depth\": 3", "p:17: measured[1].depth is 3; it must be at most the number of layers, 2." },
        { "\"pipelines\": 2, \"depth\": 2", "\"pipelines\": 1, \"depth\": 1", "p:17: measured[1] is 1 x 1, which is measured[0] too; each strategy must be there once." },
        { ", \"2\": 20", "", "p:8: modelBuildMs.2 is missing; measured[1] has that depth, so modelBuildMs must have it." },
        { "\"max\": 2, \"excluded\": [7]", "\"max\": 2, \"excluded\": [1, 2]", "p:16: measured holds 2, and pipelineDepth and pipelines leave none of them; they must leave at least one." },
        { "[4, 20], [0, 10]", "[4, 20], [4, 10]", "p:9: groups.steps[1][0] is 4; it must be a whole number from 0 to 3." },
        { "[4, 20], [0, 10]", "[4.5, 20]", "p:9: groups.steps[0][0] is 4.5; it must be a whole number from 0 to 100000." },
        { "[4, 20], [0, 10]", "[0, 20], [0, 10]", "p:9: groups.steps[1][0] comes after a step from 0 pipelines on; that must be the last." },
        { "[4, 20], [0, 10]", "[4, 20]", "p:9: groups.steps ends with a step from 4 pipelines on; its last step must be from 0 on." },
        { "\"10\": 1", "\"10\": 101", "p:10: transferMs.1000 is 50, but 10 bytes take 101; more bytes must take longer, or at least half as long." },
        { "\"model\": \"m\"", "\"model\": \"m\\u001b[31m\"", $"p:2: model is 'm\\u001b[31m'; it must be {Name}." },
    };

    /// <summary>Not even JSON.</summary>
    public static TheoryData<string, string, string> NotJson => new()
    {
        { "\"forwardMs\": 1.5", "\"forwardMs\": NaN", "p:12: it is not JSON: 'N' is an invalid start of a value." },
        { "\"forwardMs\": 1.5", "\"forwardMs\": -Infinity", "p:12: it is not JSON: 'I' is invalid within a number, immediately after a sign character ('+' or '-'). Expected a digit ('0'-'9')." },
        { "\"m\"", "\"\\ud800\"", $"p:2: model is '\\ud800'; it must be {Name}." },
        { "\"globalBatch\": 8,", "\"globalBatch\": 8", "p:4: it is not JSON: '\"' is invalid after a value. Expected either ',', '}', or ']'." },
    };

    /// <summary>The sound profile with a part of it replaced.</summary>
    public static string With(string part, string other)
    {
        int at = Sound.IndexOf(part, StringComparison.Ordinal);
        Assert.True(at >= 0, $"There is no {part}.");
        return string.Concat(Sound.AsSpan(0, at), other, Sound.AsSpan(at + part.Length));
    }

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
